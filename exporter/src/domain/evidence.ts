import type { Contrast } from './contrast.js';
import type { BlindSpot, Finding, Interval } from './finding.js';
import type { FailureReason } from './observation.js';
import type { ModelId } from './identifiers.js';

/** A proportion with the counts behind it and its Clopper–Pearson interval. */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly interval: Interval;
}

export interface LevelSummary {
  readonly samples: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly p05: number;
  readonly p50: number;
  readonly p95: number;
}

export interface ServiceEvidence {
  readonly calls: number;
  readonly failures: Proportion;
  readonly failuresByReason: Readonly<Partial<Record<FailureReason, number>>>;
  readonly consecutiveFailures: number;
  /** Longest run of successes between two failures and so on is not kept: only whether failures came in bursts. */
  readonly failuresInBursts: boolean;
  readonly baselineErrorShare: number | null;
  readonly latencyBefore: LevelSummary | null;
  readonly latencyNow: LevelSummary | null;
  /** Answers later than 95 % of the baseline's, before (about 5 %) and now; null without latencies on both sides. */
  readonly lateBefore: Proportion | null;
  readonly lateNow: Proportion | null;
  readonly lastAnswerAtMs: number | null;
}

/** Same questions, what answers? */
export interface GoldenEvidence {
  readonly inputs: number;
  /** Inputs answered at least once in the window and in the baseline. */
  readonly compared: number;
  /** Compared inputs whose answer left what the baseline had seen. */
  readonly changed: number;
  /** Of these, the inputs that got another prediction, not only another confidence. */
  readonly answersChanged: number;
  /** Compared inputs whose confidence left what the baseline had seen, whatever their prediction. */
  readonly confidencesMoved: number;
  /** Mean change of confidence over compared inputs (now − before), null without confidence. */
  readonly confidenceShift: number | null;
  /** Standard deviation of confidence among answers to the same input in the window, pooled over inputs. */
  readonly confidenceSpread: number | null;
  /** Share of repeated questions in the window that got another answer than the most frequent one. */
  readonly answerFlipShare: number | null;
  readonly shapeChanged: boolean;
}

/** A simple transformation that maps the baseline's values onto the window's. */
export interface RepairHint {
  readonly transformation:
    'scale' | 'offset' | 'affine' | 'log' | 'default-value' | 'frozen' | 'rename' | 'swap' | 'rounding';
  readonly parameters: Readonly<Record<string, number | string>>;
  /** R² of the quantile match, or share of rows explained. */
  readonly fit: number;
  readonly sentence: string;
}

export interface FeatureEvidence {
  readonly feature: string;
  readonly kind: 'numeric' | 'categorical';
  readonly samples: number;
  /** Kolmogorov–Smirnov distance (numeric) or total variation distance (categorical), 0–1. */
  readonly distance: number;
  /** Shift of the mean in baseline standard deviations; null for categorical or constant baselines. */
  readonly meanShift: number | null;
  readonly missingBefore: number;
  readonly missingNow: number;
  readonly invalidBefore: number;
  readonly invalidNow: number;
  readonly unseenShare: number;
  /** True when a detector reported this feature. */
  readonly drifted: boolean;
  /** −log₁₀ of the fixed-sample p-value of the comparison, at most 300; 0 where nothing can be compared. */
  readonly surprise: number;
  /** True when a detector reported it or chance is no explanation (p < 10⁻⁵): enough to weigh causes, not to open an incident. */
  readonly moved: boolean;
  readonly hint: RepairHint | null;
}

export interface PredictionEvidence {
  readonly samples: number;
  readonly distinct: number;
  /** Share of the most frequent answer. */
  readonly topShare: number;
  readonly topShareBefore: number | null;
  /** Total variation distance between the mixes, null without baseline. */
  readonly mixDistance: number | null;
}

export interface ConfidenceEvidence {
  readonly present: boolean;
  readonly before: LevelSummary | null;
  readonly now: LevelSummary | null;
  /** Spearman correlation of confidence with time inside the window; null below 10 samples. */
  readonly trend: number | null;
  /** First-quarter mean and last-quarter mean of the window, by time. */
  readonly firstQuarterMean: number | null;
  readonly lastQuarterMean: number | null;
}

export interface LabelEvidence {
  readonly accuracyBefore: Proportion | null;
  readonly accuracyNow: Proportion | null;
  /** Expected calibration error over tenths of confidence. */
  readonly calibrationErrorBefore: number | null;
  readonly calibrationErrorNow: number | null;
}

/** A group of rows described by one or two predicates, e.g. `country = DE`. Never a raw personal value: categories seen ≥ 10 times, or bin ranges. */
export interface SegmentEvidence {
  readonly predicate: string;
  readonly rows: number;
  readonly share: number;
  readonly measure: 'confidence' | 'errors' | 'accuracy';
  readonly before: number | null;
  readonly now: number;
  /** Share of the model's whole change that happens inside the segment. */
  readonly contribution: number;
}

/** Something somebody did: a release, a configuration change. */
export interface ChangeEvent {
  readonly atMs: number;
  readonly kind: 'model-version' | 'answer-schema' | 'deployment' | 'configuration' | 'other';
  readonly text: string;
}

/** How the change of one measure splits up. Parts and remainder add to `total`. */
export interface Decomposition {
  readonly measure: 'confidence' | 'accuracy';
  readonly before: number;
  readonly now: number;
  readonly total: number;
  readonly parts: readonly {
    readonly name: 'input mix' | 'answers per input' | 'serving' | 'data quality';
    readonly value: number;
  }[];
  readonly remainder: number;
  /** True when found by asking the model, false when read off counts. */
  readonly interventional: boolean;
}

/** Share of the change carried by a feature. */
export interface Attribution {
  readonly feature: string;
  readonly value: number;
  readonly standardError: number | null;
  readonly method: 'interventional-shapley' | 'segment-contrast';
}

/** When it began, by the e-detectors, and what had been declared around then. */
export interface ChangePoint {
  readonly atMs: number;
  /** Declared changes from six hours before the estimated start to one hour after it. */
  readonly declared: readonly ChangeEvent[];
}

/** Everything root-cause analysis may look at. */
export interface Evidence {
  readonly modelId: ModelId;
  readonly atMs: number;
  readonly window: { readonly fromMs: number; readonly toMs: number; readonly samples: number };
  readonly hasBaseline: boolean;
  readonly findings: readonly Finding[];
  readonly service: ServiceEvidence;
  readonly golden: GoldenEvidence;
  readonly features: readonly FeatureEvidence[];
  readonly prediction: PredictionEvidence;
  readonly confidence: ConfidenceEvidence;
  readonly labels: LabelEvidence;
  readonly segments: readonly SegmentEvidence[];
  readonly changes: readonly ChangeEvent[];
  /** Null while the e-detectors have seen no change. */
  readonly changePoint: ChangePoint | null;
  readonly contrast: Contrast;
  readonly decomposition: Decomposition | null;
  readonly attributions: readonly Attribution[];
  readonly blindSpots: readonly BlindSpot[];
}
