import type { AlertEvidence } from './alert-evidence.js';
import type { CauseId, Diagnosis } from './cause.js';
import type { FeatureReadings } from './feature-kind.js';
import type { BlindSpot, Finding } from './finding.js';
import type { IncidentRow } from './incident.js';
import type { Model } from './model.js';
import type { PerformanceEstimate } from './performance.js';
import type { BaselineProfile, LearningState, RunningCounts, WindowProfile } from './profile.js';
import type { RecurringCause } from './recurring-cause.js';
import type { RowAnomaly } from './row-anomaly.js';
import type { SetupProblem } from './setup-problem.js';
import type { Severity } from './severity.js';
import type { GoldenComparison } from './symptoms.js';

/** A change that is as good as certain and alerts nobody yet: what is shown of the model in the place of an incident. */
export interface UnalertedChange {
  readonly severity: Severity;
  readonly cause: CauseId;
  readonly headline: string;
}

/** What the evaluated window held at one evaluation; null for what no call of it gave. */
export interface FiguresAt {
  readonly atMs: number;
  readonly confidenceMean: number | null;
  readonly errorShare: number | null;
  readonly latencyP50Seconds: number | null;
}

/** What is the matter with a model, without its figures. */
export interface ModelSummary {
  readonly model: Model;
  readonly incident: IncidentRow | null;
  /** What changed where no incident is open; null where nothing did, or an incident tells it. */
  readonly unalerted: UnalertedChange | null;
  readonly evaluatedAtMs: number | null;
}

/** Current figures of one model, for lists, live lines and metrics. */
export interface ModelStatus extends ModelSummary {
  /** Samples in the evaluated window, and in all since the model was added. */
  readonly windowSamples: number;
  readonly totalSamples: number;
  readonly confidenceMean: number | null;
  readonly errorShare: number;
  readonly latencyP50Seconds: number | null;
  readonly latencyP95Seconds: number | null;
  /** Of this process's evaluations, oldest first, at most 60. */
  readonly recent: readonly FiguresAt[];
  readonly lastProbeAtMs: number | null;
  /** When the certificate of its server ends; null without TLS, and until it was asked. */
  readonly certificateEndsAtMs: number | null;
  /** The newest time of a logged prediction that the model is judged by. */
  readonly lastPredictionAtMs: number | null;
  /** … or that is only counted, since mlfi's own probes judge the model. */
  readonly lastLoggedAtMs: number | null;
  /** Since when what is counted of it cannot be stored; null when it is. */
  readonly unwrittenSinceMs: number | null;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  readonly window: WindowProfile;
  readonly running: RunningCounts;
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  /** What the values of its features are. */
  readonly features: FeatureReadings;
  /** What the last evaluation concluded, or what an incident settled from more rows; null before the first one. */
  readonly diagnosis: Diagnosis | null;
  /** Why mlfi cannot ask the model at present, or may ask it wrongly, and what to do; no fault of the model. Null when it can. */
  readonly setup: SetupProblem | null;
  /** What is read from where in its answers, for people; null until this process asked it. */
  readonly readFrom: string | null;
  /** Evidence against the false-page budget. */
  readonly evidence: AlertEvidence;
  readonly performance: PerformanceEstimate;
  /** The isolation forest's verdict on the evaluated window. */
  readonly rowAnomaly: RowAnomaly;
  readonly goldenInputs: readonly GoldenComparison[];
  /** Causes that keep coming back to the model. */
  readonly patterns: readonly RecurringCause[];
  readonly evaluationSeconds: number | null;
  /** Cumulative since the model was added, from the store; for Prometheus counters. */
  readonly totals: {
    readonly calls: number;
    readonly failures: Readonly<Record<string, number>>;
    readonly probes: number;
    readonly probeFailures: Readonly<Record<string, number>>;
  };
}
