import type { BlindSpot, DetectorId, Finding } from '../domain/finding.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { RowAnomaly } from '../domain/row-anomaly.js';
import type { GoldenComparison, GoldenEvidence } from '../domain/symptoms.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import { DETECTORS } from './detectors/index.js';
import { compareGoldenInputs, goldenEvidence } from './golden.js';
import { assessRows } from './row-anomaly.js';
import { intakeBlindSpots, rowsThatWait, unwatchedFeatures } from './unwatched-features.js';

/** What the detectors found in one model's state. */
export interface Detection {
  /** In the table's order, most urgent kinds first. */
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  /** Which detector could not look at what. */
  readonly unseen: readonly { readonly detector: DetectorId; readonly check: string }[];
  readonly rowAnomaly: RowAnomaly;
  readonly golden: GoldenEvidence;
  readonly goldenInputs: readonly GoldenComparison[];
}

/** Runs every detector of the table over one model's window. Pure. */
export function detect(state: MonitoredModelState, thresholds: DetectionThresholds, nowMs: number): Detection {
  const known = state.baseline?.golden ?? [];
  const golden = goldenEvidence(known, state.goldenNow);
  const rowAnomaly = assessRows(state, thresholds);
  const input = { ...state, thresholds, nowMs, golden, rowAnomaly };
  const results = DETECTORS.map((detector) => ({ id: detector.id, ...detector.detect(input) }));
  const spots = new Map(
    results.flatMap(({ blindSpots }) => blindSpots.map((spot) => [`${spot.check}\n${spot.reason}`, spot])),
  );
  const findings = results.flatMap((result) => result.findings);
  const described = new Set(
    findings.filter(({ detector }) => detector !== 'sequential-evidence').map(({ subject }) => subject),
  );
  return {
    findings: findings.filter(({ detector, subject }) => detector !== 'sequential-evidence' || !described.has(subject)),
    blindSpots: [
      ...spots.values(),
      ...unwatchedFeatures(state.features),
      ...intakeBlindSpots(state.intake),
      // Of the first rows it is told as what is not known of them.
      ...(state.window.calls === 0 ? [] : rowsThatWait(state.intake?.waiting)),
    ],
    unseen: results.flatMap(({ id, blindSpots }) => blindSpots.map(({ check }) => ({ detector: id, check }))),
    rowAnomaly,
    golden,
    goldenInputs: compareGoldenInputs(known, state.goldenNow),
  };
}
