import type { AlertEvidence } from './alert-evidence.js';
import type { FeatureReadings } from './feature-kind.js';
import type { ForestBaseline, WindowForest } from './isolation-forest.js';
import type { IntakeSummary } from './ingest.js';
import type { Model, VersionStep } from './model.js';
import type { Observation, ServerCertificate } from './observation.js';
import type { BaselineProfile, GoldenBaseline, LearningState, WindowProfile } from './profile.js';
import type { CohortShapley, RowAnalysis } from './row-analysis.js';
import type { ChangeEvent } from './symptoms.js';

/** One model as it stands: all that an evaluation reads. Immutable; made anew for every evaluation. */
export interface MonitoredModelState {
  readonly model: Model;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  readonly window: WindowProfile;
  /** The window's rows still in memory, oldest first; empty after a restart. */
  readonly rows: readonly Observation[];
  /** The baseline's rows still in memory; empty after a restart. */
  readonly baselineRows: readonly Observation[];
  readonly goldenNow: readonly GoldenBaseline[];
  readonly forest: ForestBaseline | null;
  readonly windowForest: WindowForest | null;
  /** Sequential evidence against the false-page budget; null where nothing is monitored over time (a URL evaluated once). */
  readonly evidence: AlertEvidence | null;
  readonly consecutiveFailures: number;
  /** Of the newest call that failed, also where the window does not hold it yet; null or absent where that is not known. */
  readonly lastFailureReason?: string | null;
  /** The first answer after the newest call that failed; null or absent where that is not known. */
  readonly answersSinceMs?: number | null;
  readonly lastAnswerAtMs: number | null;
  /** When logged predictions last came, whatever time they have; null when none ever did. */
  readonly lastHeardAtMs: number | null;
  /** When a probe of mlfi's own last failed; null when none did. */
  readonly lastProbeFailureAtMs: number | null;
  /** Times of the newest probes, all answered since one failed, oldest first; none after a restart. */
  readonly probesAnsweredMs: readonly number[];
  /** The certificate the model's server showed last; null without TLS, and until it was asked. */
  readonly certificate: ServerCertificate | null;
  readonly changes: readonly ChangeEvent[];
  /** What a rollback goes from and to; absent where nothing is monitored over time. */
  readonly versionStep?: VersionStep;
  /** What the values of logged features are; empty where none are logged. */
  readonly features: FeatureReadings;
  /** What became of the rows it was sent lately; null where none are logged. */
  readonly intake: IntakeSummary | null;
  /** What the live model was asked during the open incident; null when nothing was. */
  readonly experiment: CohortShapley | null;
  /** Segments and decomposition found beforehand in a worker thread; null to find them while evaluating. */
  readonly rowAnalysis: RowAnalysis | null;
}
