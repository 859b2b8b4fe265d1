import { z } from 'zod';
import type { AuditNote } from '../domain/audit-note.js';
import type { AlertFeedback } from '../domain/alert-feedback.js';
import type { ModelId } from '../domain/identifiers.js';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { Clock, Store } from '../domain/ports.js';
import type { RecurringCause } from '../domain/recurring-cause.js';
import { setting } from '../domain/setting.js';
import { alertThresholdFactors } from '../incident-history/alert-threshold-factor.js';
import { summariseLearning } from '../incident-history/learning-summary.js';
import { recurringCauses } from '../incident-history/recurring-causes.js';

/** Lessons of before this moment are not used. */
export const LEARNING_SINCE = setting('learning_since', z.number());

interface Recalled {
  readonly lessons: readonly Lesson[];
  readonly feedback: readonly AlertFeedback[];
  readonly patterns: readonly RecurringCause[];
  readonly factors: ReadonlyMap<ModelId, number>;
  readonly sinceMs: number | null;
}

/** What earlier incidents, and people's feedback on their alerts, teach: read once, used by every evaluation. */
export class LessonsInUse {
  private recalled: Recalled = { lessons: [], feedback: [], patterns: [], factors: new Map(), sinceMs: null };
  private readings = 0;

  constructor(
    private readonly store: Pick<Store, 'settings' | 'lessons' | 'alertFeedback' | 'governance'>,
    private readonly clock: Clock,
    /** Closed incidents compared with an open one. */
    private readonly limit: () => number,
    /** Told after each reading. */
    private readonly onRecalled: () => void,
  ) {}

  /** Reads anew, from the moment on that learning was last reset. Of several at once the one that began last counts. */
  async recall(): Promise<void> {
    this.readings += 1;
    const mine = this.readings;
    const sinceMs = await this.store.settings.get(LEARNING_SINCE);
    const [lessons, feedback] = await Promise.all([
      this.store.lessons.list({ limit: this.limit(), ...(sinceMs === null ? {} : { closedAfterMs: sinceMs }) }),
      this.store.alertFeedback.list(sinceMs === null ? {} : { afterMs: sinceMs }),
    ]);
    if (mine !== this.readings) return;
    const patterns = recurringCauses(lessons, this.clock.now());
    const factors = new Map(alertThresholdFactors(feedback).map(({ model, factor }) => [model, factor]));
    this.recalled = { lessons, feedback, patterns, factors, sinceMs };
    this.onRecalled();
  }

  /** Lessons of until now are no longer used. @param audit says so in the transaction of the change */
  async reset(audit: AuditNote): Promise<void> {
    await this.store.governance(async (transaction) => {
      await transaction.settings.set(LEARNING_SINCE, this.clock.now());
      await audit(transaction);
    });
    await this.recall();
  }

  get lessons(): readonly Lesson[] {
    return this.recalled.lessons;
  }

  patternsOf(id: ModelId): readonly RecurringCause[] {
    return this.recalled.patterns.filter(({ model }) => model === id);
  }

  /** How many times the configured evidence an alert of the model needs. */
  thresholdFactorOf(id: ModelId): number {
    return this.recalled.factors.get(id) ?? 1;
  }

  /** What the ranking of actions and the thresholds of alerts rest on. */
  summary(): LearningSummary {
    const { lessons, feedback, sinceMs } = this.recalled;
    return summariseLearning(lessons, feedback, sinceMs, this.clock.now());
  }
}
