import type { EvidenceSource } from '../../domain/cause.js';
import type { Evidence, FeatureEvidence } from '../../domain/evidence.js';
import type { DetectorId, Finding, FindingSubject } from '../../domain/finding.js';

/** What a sign may look at besides the evidence: the features a concrete version of a cause blames. */
export interface Blamed {
  readonly features: readonly string[];
}

/**
 * One yes/no question put to the evidence. Every cause answers for every sign with a fitted weight, so that what a cause
 * predicts and is not there speaks against it.
 */
export interface Sign {
  readonly id: string;
  readonly source: EvidenceSource;
  /** 1: it holds · −1: it does not · 0: it cannot be told; graded in between. */
  readonly value: (evidence: Evidence, blamed: Blamed) => number;
  /** A full sentence with the numbers in it, for when it holds. Empty: not worth a sentence. */
  readonly holds: (evidence: Evidence, blamed: Blamed) => string;
  /** The same for when it does not hold. */
  readonly fails: (evidence: Evidence, blamed: Blamed) => string;
}

export const yes = (condition: boolean): number => (condition ? 1 : -1);

/** 0 where it cannot be told. */
export const told = (isKnown: boolean, condition: boolean): number => (isKnown ? yes(condition) : 0);

/** −1 at or below `low`, 1 at or above `high`, straight in between. */
export const graded = (value: number, low: number, high: number): number =>
  Math.min(1, Math.max(-1, (2 * (value - low)) / (high - low) - 1));

export function findingOf(evidence: Evidence, detector: DetectorId, subject?: FindingSubject): Finding | undefined {
  return evidence.findings.find(
    (finding) => finding.detector === detector && (subject === undefined || finding.subject === subject),
  );
}

export const has = (evidence: Evidence, detector: DetectorId): boolean => findingOf(evidence, detector) !== undefined;

/** A detector's finding, or the e-detectors' about the same subject. */
export const saidOf = (evidence: Evidence, detector: DetectorId, subject: FindingSubject): Finding | undefined =>
  findingOf(evidence, detector) ?? findingOf(evidence, 'sequential-evidence', subject);

/** The finding's own sentence, so that a statement carries its numbers. */
export const sentenceOf = (evidence: Evidence, detector: DetectorId, subject?: FindingSubject): string =>
  (subject === undefined ? findingOf(evidence, detector) : saidOf(evidence, detector, subject))?.sentence ?? '';

export const movedFeatures = (evidence: Evidence): readonly string[] =>
  evidence.features.filter(({ moved }) => moved).map(({ feature }) => feature);

export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

export const quoted = (features: readonly string[]): string =>
  features
    .slice(0, 3)
    .map((feature) => `\`${feature}\``)
    .join(', ') + (features.length > 3 ? ` and ${features.length - 3} more` : '');

/** Rise of the missing share worth a word, as in the detector of missing values. */
const LEAST_RISE = 0.05;
const STANDARD_ERRORS = 4;

/** True when a feature's values go missing more often than before, and by more than chance. */
export function lostValues({ missingNow, missingBefore, samples }: FeatureEvidence): boolean {
  const rise = missingNow - missingBefore;
  const rows = samples / Math.max(0.01, 1 - missingNow);
  const usual = Math.max(missingBefore, 1 / Math.max(1, rows));
  return rise >= LEAST_RISE && rise > STANDARD_ERRORS * Math.sqrt((usual * (1 - usual)) / Math.max(1, rows));
}
