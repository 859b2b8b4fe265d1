import type { BlindSpot, DetectorId, Finding } from '../domain/finding.js';
import type { DetectionInput } from './detection-input.js';
import { DETECTORS } from './detectors/index.js';

export type { DetectionInput } from './detection-input.js';

/** Runs every detector of the table over one window. Findings come in the table's order, most urgent kinds first. */
export function detect(input: DetectionInput): {
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  /** Which detector could not look at what. */
  readonly unseen: readonly { readonly detector: DetectorId; readonly check: string }[];
} {
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
    blindSpots: [...spots.values()],
    unseen: results.flatMap(({ id, blindSpots }) => blindSpots.map(({ check }) => ({ detector: id, check }))),
  };
}
