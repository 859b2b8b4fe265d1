import type { CauseId } from './cause.js';
import type { IncidentId, LessonId, ModelId } from './identifiers.js';
import type { Fingerprint } from './incident.js';
import type { AlertThresholdFactor } from './alert-feedback.js';
import type { RecurringCause } from './recurring-cause.js';
import type { ActionId } from './recommendation.js';
import type { Severity } from './severity.js';

/** What is kept of a closed incident. */
export interface Lesson {
  readonly id: LessonId;
  readonly incidentId: IncidentId;
  readonly modelId: ModelId;
  readonly cause: CauseId;
  readonly severity: Severity;
  readonly headline: string;
  readonly fingerprint: Fingerprint;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  /** Actions taken, each with its verified outcome; `untried` for recommendations nobody approved. */
  readonly actions: readonly {
    readonly action: ActionId;
    readonly outcome: 'recovered' | 'not_recovered' | 'inconclusive' | 'rejected' | 'untried';
  }[];
}

/** A lesson with its similarity to the incident at hand, 0–1. */
export interface SimilarLesson {
  readonly lesson: Lesson;
  readonly similarity: number;
}

/** What the ranking of actions and the alert thresholds rest on now. */
export interface LearningSummary {
  /** First 16 hex digits of SHA-256 over the lessons and feedback used: equal versions rank and alert equally. */
  readonly version: string;
  /** Lessons and feedback of before this moment are not used; null = all are. */
  readonly sinceMs: number | null;
  readonly lessons: number;
  readonly actions: readonly {
    readonly cause: CauseId;
    readonly action: ActionId;
    readonly helped: number;
    readonly tried: number;
    readonly lastAtMs: number;
  }[];
  /** Models whose alert threshold people's feedback may have moved. */
  readonly pages: readonly AlertThresholdFactor[];
  /** Causes that keep coming back. */
  readonly patterns: readonly RecurringCause[];
}
