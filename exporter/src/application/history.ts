import type { Actor } from '../domain/actor.js';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { Store } from '../domain/ports.js';
import type { ApplicationPorts } from './ports.js';

/** What closed incidents have taught. */
export interface HistoryUseCases {
  /** Newest first. */
  lessons(limit: number): Promise<readonly Lesson[]>;
  /** What the ranking of actions and the alert thresholds rest on. */
  summary(): LearningSummary;
  /** Lessons so far are kept, but no longer used. */
  reset(reason: string, by: Actor): Promise<void>;
}

/** @returns the use cases of `/api/v1/lessons` and `/api/v1/learning` */
export function historyUseCases({
  fleet,
  store,
  auditNote,
}: Pick<ApplicationPorts, 'fleet' | 'auditNote'> & { readonly store: Pick<Store, 'lessons'> }): HistoryUseCases {
  return {
    lessons: (limit) => store.lessons.list({ limit }),
    summary: () => fleet.learningSummary(),
    async reset(reason, by) {
      await fleet.resetLearning(auditNote('learning-reset', by, { reason }));
    },
  };
}
