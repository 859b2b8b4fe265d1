import type { PerformanceCost } from './performance.js';
import type { SignalKey } from './profile.js';
import type { Interval } from './estimate.js';

/** One file each in `detection/detectors/`. */
export const DETECTOR_IDS = [
  'unreachable',
  'error-rate',
  'certificate-expiry',
  'latency-regression',
  'no-predictions',
  'refused-rows',
  'low-confidence',
  'constant-predictions',
  'unstable-answers',
  'confidence-trend',
  'confidence-distribution',
  'golden-answers',
  'answer-schema',
  'numeric-drift',
  'categorical-drift',
  'missing-values',
  'unseen-categories',
  'invalid-values',
  'prediction-mix',
  'accuracy-drop',
  'labels-never-match',
  'calibration',
  'isolation-forest',
  'sequential-evidence',
] as const;
export type DetectorId = (typeof DETECTOR_IDS)[number];

/** What a finding is about. */
export type FindingSubject =
  SignalKey | 'errors' | 'certificate' | 'traffic' | 'golden' | 'accuracy' | 'error_size' | 'rows' | 'schema';

/** Whether a text read back is one. */
export const isFindingSubject = (text: string): text is FindingSubject =>
  text.startsWith('feature:') || SUBJECTS.has(text);

const SUBJECTS: ReadonlySet<string> = new Set([
  'confidence',
  'latency_seconds',
  'prediction',
  'errors',
  'certificate',
  'traffic',
  'golden',
  'accuracy',
  'error_size',
  'rows',
  'schema',
]);

/** A subject as it reads in the middle of a sentence. */
export function subjectText(subject: FindingSubject): string {
  if (subject.startsWith('feature:')) return `“${subject.slice('feature:'.length)}”`;
  return SUBJECT_WORDS[subject] ?? subject;
}

const SUBJECT_WORDS: Readonly<Record<string, string>> = {
  latency_seconds: 'latency',
  confidence: 'confidence',
  prediction: 'the mix of predictions',
  errors: 'the share of failed calls',
  certificate: 'the certificate of the server',
  traffic: 'the traffic',
  golden: 'the answers to golden inputs',
  accuracy: 'the share of wrong answers',
  error_size: 'the error of answers',
  rows: 'the combination of inputs',
  schema: 'the features sent',
};

/** How big the change is, in the unit named; severity is judged from this, never from a p-value. */
export interface Effect {
  readonly measure: 'standard-deviations' | 'ratio' | 'share' | 'seconds' | 'confidence' | 'distance' | 'count';
  readonly value: number;
  /** Sampling error of the value; null for a plain count or duration, which has none, and where nothing could be measured. */
  readonly interval: Interval | null;
}

export interface NamedStatistic {
  readonly name: string;
  readonly value: number;
}

/**
 * `service`: users get no answer or a late one · `quality`: answers are worse · `data`: inputs differ ·
 * `model`: the same question is answered differently · `note`: worth saying, harms nobody.
 */
export type FindingKind = 'service' | 'quality' | 'data' | 'model' | 'note';

/** One thing a detector noticed in one window. */
export interface Finding {
  readonly detector: DetectorId;
  readonly subject: FindingSubject;
  readonly kind: FindingKind;
  readonly direction: 'up' | 'down' | 'changed';
  readonly statistic: NamedStatistic;
  readonly threshold: number;
  /** Fixed-sample p-value, if the test has one; shown, never paged on. */
  readonly pValue: number | null;
  readonly effect: Effect;
  /** What the change is estimated to cost in performance; absent where that cannot be had. */
  readonly cost?: PerformanceCost;
  /** Further statistics of the same comparison (PSI, JS, Wasserstein …) for people and dashboards. */
  readonly statistics: readonly NamedStatistic[];
  /** The signal's level before and now, in its own unit (mean, share or rate); null when there is no baseline. */
  readonly before: number | null;
  readonly now: number | null;
  readonly window: { readonly fromMs: number; readonly toMs: number; readonly samples: number };
  readonly baselineSamples: number | null;
  /** One sentence with the numbers in it. */
  readonly sentence: string;
}

/** The check whose blind spot says that a model may not have understood what mlfi thought up. */
export const UNDERSTANDING = 'whether the model understands what it is asked';

/** A check that could not run, and what it would need. */
export interface BlindSpot {
  readonly check: string;
  readonly reason: string;
}

/** Not possible once the baseline’s rows are gone: after a restart. */
export const CHECKS_BY_BASELINE_ROWS =
  'segments by numbers or by more than two conditions, decomposition, attribution, label association and same-hour comparison against the baseline’s rows';
