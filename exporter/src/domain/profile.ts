/**
 * Profiles are integer counts on a grid that is fixed from the first value on, so that they add exactly:
 * across time, in any order (see docs/architecture.md, "A baseline is counts on a fixed grid").
 */

/** Where a number falls. `unit`: 1,000 equal cells on [0,1]. `asinh`: cell = floor(asinh((x − centre)/scale)/step). */
export type Grid =
  | { readonly kind: 'unit' }
  | {
      readonly kind: 'asinh';
      /** Rounded to 3 significant digits, so that it is not a raw value. */
      readonly centre: number;
      readonly scale: number;
      readonly step: number;
    };

/** Counts of one numeric signal. `cells` maps cell index → count. */
export interface NumericCounts {
  readonly kind: 'numeric';
  readonly grid: Grid;
  readonly cells: ReadonlyMap<number, number>;
  readonly missing: number;
  /** NaN, ±Infinity, or a value of another type than the signal's. */
  readonly invalid: number;
}

/** Counts of one categorical signal. At most 1,000 categories are told apart; the rest are `other`. */
export interface CategoricalCounts {
  readonly kind: 'categorical';
  readonly categories: ReadonlyMap<string, number>;
  readonly other: number;
  readonly missing: number;
  readonly invalid: number;
}
export type SignalCounts = NumericCounts | CategoricalCounts;

/** `confidence`, `latency_seconds`, `prediction`, or `feature:<name>`. */
export type SignalKey = 'confidence' | 'latency_seconds' | 'prediction' | `feature:${string}`;

/**
 * Absolute errors of numeric answers whose numeric label arrived, counted by rounded size of answer and error
 * (`statistics/loss-counts.ts`).
 */
export type LossCounts = Readonly<Record<string, number>>;

/** Correct and all labelled answers, overall and by tenth of confidence (index 0 = [0,0.1) … 9 = [0.9,1]). */
export interface LabelCounts {
  readonly labelled: number;
  readonly correct: number;
  readonly labelledByConfidence: readonly number[];
  readonly correctByConfidence: readonly number[];
  readonly losses: LossCounts;
  /** How many answers these labels are of, where they are of older ones than the rest of the window; never stored. */
  readonly ofAnswers?: number;
  /** Set with `ofAnswers`: so long after an answer most labels have come, ms. */
  readonly dueAfterMs?: number;
}

/**
 * Rows · failed · answered with a confidence · doubt (1 − confidence, summed in thousandths) · labelled while the row
 * was in memory · of these wrong.
 */
export type GroupCell = readonly [
  rows: number,
  failed: number,
  answered: number,
  doubt: number,
  labelled: number,
  wrong: number,
];

/** Counts per value, and per pair of values, of a few categorical features (`statistics/group-counts.ts` makes the keys). */
export type GroupCounts = ReadonlyMap<string, GroupCell>;

/** What happened in one window of time, as counts. `from`/`to` are the first and last observation, inclusive. */
export interface WindowProfile {
  readonly fromMs: number;
  readonly toMs: number;
  readonly calls: number;
  /** Answered rows that named their inputs: a feature that one of them lacks is absent there (`absentIn`). */
  readonly rowsWithFeatures: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly signals: ReadonlyMap<SignalKey, SignalCounts>;
  readonly labels: LabelCounts;
  readonly groups: GroupCounts;
}

/**
 * Rows that named their inputs and did not send this feature at all: null, NaN and values of the wrong type were sent.
 * Exact, for every row that names its inputs counts once in each feature it holds.
 */
export function absentIn({ rowsWithFeatures }: Pick<WindowProfile, 'rowsWithFeatures'>, counts: SignalCounts): number {
  const sums = counts.kind === 'numeric' ? counts.cells.values() : counts.categories.values();
  let sent = counts.missing + counts.invalid + (counts.kind === 'numeric' ? 0 : counts.other);
  for (const count of sums) sent += count;
  return Math.max(0, rowsWithFeatures - sent);
}

/** Calls that failed, for whatever reason. */
export const failureCount = ({ failures }: Pick<WindowProfile, 'failures'>): number =>
  Object.values(failures).reduce((sum, count) => sum + count, 0);

export type AdmissionVerdict =
  | {
      readonly kind: 'learning';
      readonly samples: number;
      readonly requiredSamples: number;
      readonly missing: readonly string[];
    }
  | { readonly kind: 'admitted'; readonly atMs: number }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

/** How one golden input was answered while the baseline was learnt. Answers are kept as salted hashes. */
export interface GoldenBaseline {
  readonly goldenId: string;
  readonly answers: number;
  /** Hash → times seen. */
  readonly answerHashes: Readonly<Record<string, number>>;
  readonly confidenceMean: number | null;
  readonly confidenceStandardDeviation: number | null;
  readonly shape: string;
}

/** What normal was, as counts. Immutable; a new normal is a new version. */
export interface BaselineProfile {
  readonly version: number;
  readonly frozen: boolean;
  readonly admittedAtMs: number;
  /** What arrived before was the normal before, whatever time it has. Absent where none was put an end to. */
  readonly learntFromMs?: number | undefined;
  /** What arrived later was not learnt, whatever time it has. Absent where that was not kept. */
  readonly learntUntilMs?: number | undefined;
  readonly profile: WindowProfile;
  readonly golden: readonly GoldenBaseline[];
  /** Upper edges (cell indices) of at most 64 reference-quantile bins per numeric signal. */
  readonly bins: ReadonlyMap<SignalKey, readonly number[]>;
  /** Came while it was learnt, and is not in `profile`. Absent where there is none. */
  readonly unjudged?: readonly UnjudgedRows[] | undefined;
}

/**
 * Rows of a learning period that were lost with the process before they were judged: nobody can say any more whether they were
 * steady. They stay counted, so that labels of them are not taken for labels of others, and are learnt from no more.
 */
export interface UnjudgedRows {
  readonly counts: WindowProfile;
  /** What arrived later is not among them. */
  readonly cameUntilMs: number;
}

/** State of learning between two versions; persisted, so a restart loses nothing. */
export interface LearningState {
  readonly nextVersion: number;
  /** What arrived before was of another normal, which was put an end to. Absent where none was. */
  readonly learntFromMs?: number | undefined;
  /** What is learnt from. */
  readonly profile: WindowProfile;
  /** What came in this period and is not in `profile`, oldest first: as stored also what would be lost now. Absent where there is none. */
  readonly unjudged?: readonly UnjudgedRows[] | undefined;
  /** The first half of what is needed, kept apart to see whether the second half looks the same; null before it is full. */
  readonly firstHalf: WindowProfile | null;
  readonly golden: readonly GoldenBaseline[];
  readonly verdict: AdmissionVerdict;
  /** Why what was learnt before was given up, the last time; absent where none was. */
  readonly startedOver?: readonly string[] | undefined;
}

/** Counts of one signal over the frozen bins that are exported: the baseline, the evaluated window, and all since the baseline. */
export interface BinnedSignal {
  readonly signal: SignalKey;
  readonly kind: 'numeric' | 'categorical';
  readonly bins: readonly string[];
  readonly baseline: readonly number[];
  readonly window: readonly number[];
  readonly total: readonly number[];
}

/** Calls that the baseline was learnt from; of one that is being learnt, those answered so far. Null where there is neither. */
export function baselineSamples(
  baseline: Pick<BaselineProfile, 'profile'> | null,
  learning: Pick<LearningState, 'profile'> | null,
): number | null {
  if (baseline !== null) return baseline.profile.calls;
  return learning === null ? null : learning.profile.calls - failureCount(learning.profile);
}

/** What only grows while the process lives; for Prometheus counters. */
export interface RunningCounts {
  readonly latency: NumericCounts | null;
  readonly confidence: NumericCounts | null;
  readonly binned: readonly BinnedSignal[];
}
