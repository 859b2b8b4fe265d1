import type { Differential } from './differential.js';
import type { BlindSpot, Finding } from './finding.js';
import type { FailureReason } from './observation.js';
import type { ModelId } from './identifiers.js';
import type { Interval } from './estimate.js';
import type { MeanError } from './performance.js';
import type { Proportion, LevelSummary } from './estimate.js';

export interface ServiceEvidence {
  readonly calls: number;
  /** Since they became more frequent inside the window, as are all other figures of failures; of the whole window where they did not. */
  readonly failures: Proportion;
  readonly failingSinceMs: number | null;
  readonly failuresByReason: Readonly<Partial<Record<FailureReason, number>>>;
  /** What most failures of the most frequent reason say, in the server's or the connection's own words; null where nothing is kept. */
  readonly said: string | null;
  /** Whose calls these are: users', which are logged, or mlfi's own. */
  readonly callers: 'users' | 'mlfi';
  readonly consecutiveFailures: number;
  /** Whether failures came in bursts rather than spread over the calls; null where too few rows are in memory to tell. */
  readonly failuresInBursts: boolean | null;
  /** Of the failures whose HTTP status is known, those that say "too busy" (429, 503); null when none is known. From rows. */
  readonly refusedAsBusy: Proportion | null;
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
  /** Share of the pairs of answers to the same input in the window that differ. */
  readonly answerFlipShare: number | null;
  readonly shapeChanged: boolean;
}

/** How one golden input is answered now, against the baseline. No answer and no input is in it. */
export interface GoldenComparison {
  readonly goldenId: string;
  /** `noisy`: its past answers were so varied that none can be called another · `unanswered`: not in both. */
  readonly verdict: 'same' | 'answer-changed' | 'confidence-moved' | 'noisy' | 'unanswered';
  readonly answersBefore: number;
  readonly answersNow: number;
  /** Different answers given. */
  readonly distinctBefore: number;
  readonly distinctNow: number;
  readonly confidenceBefore: number | null;
  readonly confidenceNow: number | null;
  /** The confidence counts as moved beyond this; null without confidence. */
  readonly confidenceTolerance: number | null;
}

/** A simple transformation that maps the baseline's values onto the window's. */
export interface RepairHint {
  readonly transformation:
    'scale' | 'offset' | 'affine' | 'log' | 'default-value' | 'frozen' | 'rename' | 'swap' | 'rounding' | 'type-change';
  readonly parameters: Readonly<Record<string, number | string>>;
  /** R² of the quantile match, or share of rows explained. */
  readonly fit: number;
  /** Estimated start of the feature's change; null without an estimate. */
  readonly sinceMs: number | null;
  /** What the values look like now, since when and on what grounds. */
  readonly sentence: string;
}

/** A repair hint with the feature it is about. */
export interface FeatureRepair extends RepairHint {
  readonly feature: string;
}

export interface FeatureEvidence {
  readonly feature: string;
  readonly kind: 'numeric' | 'categorical';
  readonly samples: number;
  /** Kolmogorov–Smirnov distance (numeric) or total variation distance (categorical), 0–1. */
  readonly distance: number;
  /** Shift of the mean in baseline standard deviations; null for categorical or constant baselines. */
  readonly meanShift: number | null;
  /** Distance from the 5th to the 95th percentile among the newest values, over that of the baseline; null for categories. */
  readonly spreadRatio: number | null;
  /** Null, NaN, or not sent at all. */
  readonly missingBefore: number;
  readonly missingNow: number;
  /** Of the rows now, those that did not send it at all. */
  readonly absentNow: number;
  readonly invalidBefore: number;
  readonly invalidNow: number;
  readonly unseenShare: number;
  /** True when a detector reported this feature. */
  readonly reported: boolean;
  /** −log₁₀ of the fixed-sample p-value of the comparison, at most 300; 0 where nothing can be compared. */
  readonly minusLog10P: number;
  /** True when a detector reported it or chance is no explanation (p < 10⁻⁵): enough to weigh causes, not to open an incident. */
  readonly changed: boolean;
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
  /** Numbers of many values: there is no line between two of them. */
  readonly isQuantity: boolean;
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
  /** How far numeric answers missed their labels. */
  readonly errorBefore: MeanError | null;
  readonly errorNow: MeanError | null;
  /** Expected calibration error over tenths of confidence. */
  readonly calibrationErrorBefore: number | null;
  readonly calibrationErrorNow: number | null;
}

/** One condition of a segment. Categories are ones seen ≥ 10 times, ranges are between rounded edges: never one person's value. */
export type SegmentPredicate =
  | { readonly feature: string; readonly kind: 'equals'; readonly value: string }
  | {
      readonly feature: string;
      readonly kind: 'range';
      /** Inclusive; null is without limit. */
      readonly low: number | null;
      /** Exclusive; null is without limit. */
      readonly high: number | null;
    }
  | { readonly feature: string; readonly kind: 'missing' | 'other' };

/** A group of rows described by one to three predicates, e.g. `country = DE`, that changed more than the rest. */
export interface SegmentEvidence {
  /** The predicates in words, e.g. "country = DE and age from 20 to 30". */
  readonly predicate: string;
  readonly predicates: readonly SegmentPredicate[];
  readonly rows: number;
  readonly share: number;
  readonly measure: 'confidence' | 'errors' | 'accuracy';
  readonly before: number | null;
  readonly now: number;
  /** How far the measure rose among all other rows, in the same unit; null without a past. */
  readonly restChange: number | null;
  /** Share of the model's whole change that happens inside the segment. */
  readonly contribution: number;
  /** `slice-line`: rows in memory, searched exactly · `pair-counts`: from the counts kept after the rows were gone · `poisson-scan`: aggregated series. */
  readonly method: 'slice-line' | 'pair-counts' | 'poisson-scan';
  /** SliceLine's score or the scan's log-likelihood ratio; comparable within one method only. */
  readonly score: number;
  /** One-sided p-value of "changed no more than the rest", corrected for every segment looked at. */
  readonly pValue: number;
  /** The change was seen again in the half of the window that the search did not look at; null when there was no such half. */
  readonly confirmed: boolean | null;
}

/** What somebody may tell of. */
export const CHANGE_KINDS = ['model-version', 'answer-schema', 'deployment', 'configuration', 'other'] as const;

/** The same, and what mlfi itself notes: that a model is judged by another `source` of calls. That is no evidence of a cause. */
export const NOTED_KINDS = [...CHANGE_KINDS, 'source'] as const;

/** Something somebody did: a release, a configuration change. */
export interface ChangeEvent {
  readonly atMs: number;
  readonly kind: (typeof NOTED_KINDS)[number];
  readonly text: string;
}

/**
 * What a change of a measure is made of. `serving`: answers that failed or came from elsewhere · `data quality`: rows the
 * baseline could not have had (missing, unknown, out of range) · `input mix`: other rows, each answered as before ·
 * `model`: the same rows, answered otherwise · `concept`: the same rows and answers, other labels.
 */
export const DECOMPOSITION_PARTS = ['serving', 'data quality', 'input mix', 'model', 'concept'] as const;
export type DecompositionPartName = (typeof DECOMPOSITION_PARTS)[number];

export interface DecompositionPart {
  readonly name: DecompositionPartName;
  /** In the unit of the measure; negative lowers it. */
  readonly value: number;
  /** By block bootstrap; null where rows were too few to resample. */
  readonly interval: Interval | null;
}

/** How the change of one measure splits up. Parts and remainder add to `total`. */
export interface Decomposition {
  readonly measure: 'confidence' | 'accuracy' | 'estimated accuracy';
  readonly before: number;
  readonly now: number;
  readonly total: number;
  readonly totalInterval: Interval | null;
  readonly parts: readonly DecompositionPart[];
  readonly remainder: number;
  /** `counts`: mix and rate effects read off rows or counts · `reweighting`: labelled rows weighed to a shared input mix · `experiment`: the model was asked. */
  readonly method: 'counts' | 'reweighting' | 'experiment';
  /** True when found by asking the model, false when read off counts. */
  readonly interventional: boolean;
  /** Effective number of rows after reweighting, of the smaller side; null without weights. A small one makes the parts loose. */
  readonly effectiveRows: number | null;
}

/**
 * How the share of a feature was found. `interventional-shapley`: the live model was asked with the feature put back ·
 * `surrogate-shapley`: a copy of the model fitted to logged rows was asked · `segment-contrast`: read off the rows,
 * correlational.
 */
export type AttributionMethod = 'interventional-shapley' | 'surrogate-shapley' | 'segment-contrast';

/** Part of a change of mean confidence (or numeric answer) carried by one feature: with the same sign as the change it made. */
export interface Attribution {
  readonly feature: string;
  readonly value: number;
  readonly standardError: number | null;
  readonly method: AttributionMethod;
}

/** A copy of the model, fitted to logged rows because the model itself was not asked. */
export interface SurrogateEvidence {
  readonly output: 'confidence' | 'prediction';
  readonly rows: number;
  /** Cross-validated share of the output's variance the copy predicts. */
  readonly rSquared: number;
  /** False below 0.7: then nothing is attributed by it. */
  readonly isUsed: boolean;
}

/** What was asked of the live model during an investigation, and what came of it. Null in Evidence when nothing was asked. */
export interface ExperimentEvidence {
  readonly atMs: number;
  /** Which question was put. */
  readonly kind: 'cohort-shapley';
  readonly output: 'confidence' | 'prediction';
  readonly calls: number;
  readonly callsBudget: number;
  readonly callFailures: number;
  /** Pairs of a baseline row and a window row that were walked from one to the other. */
  readonly pairs: number;
  /** Mean of the model's output now − before, over the rows drawn. */
  readonly total: number;
  /** |sum of the attributions − measured change of the logged means|. */
  readonly additivityGap: number;
  /** What the present model says of baseline rows, minus what was logged for them: the model's own change. Null when it was not asked. */
  readonly modelShift: number | null;
  /** Why the experiment was not carried out or not finished, in words; null when it was. */
  readonly limitation: string | null;
}

/** When it began, by the e-detectors, and what had been declared around then. */
export interface ChangePoint {
  readonly atMs: number;
  /** Declared changes from six hours before the estimated start to one hour after it. */
  readonly declared: readonly ChangeEvent[];
}

/** Everything root-cause analysis may look at. */
export interface Symptoms {
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
  /** Evidence is gathered over time, so that its silence means something; not so in a one-off check or while learning. */
  readonly watched: boolean;
  /** Null while the e-detectors have seen no change. */
  readonly changePoint: ChangePoint | null;
  readonly differential: Differential;
  readonly decomposition: Decomposition | null;
  readonly attributions: readonly Attribution[];
  /** What was asked of the live model, null when nothing was. */
  readonly experiment: ExperimentEvidence | null;
  /** Null when no copy of the model was fitted. */
  readonly surrogate: SurrogateEvidence | null;
  readonly blindSpots: readonly BlindSpot[];
}
