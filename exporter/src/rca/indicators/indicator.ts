import type { IndicatorId } from '../../domain/indicator.js';
import type { EvidenceSource } from '../../domain/cause.js';
import type { Symptoms, FeatureEvidence } from '../../domain/symptoms.js';
import type { DetectorId, Finding, FindingSubject } from '../../domain/finding.js';

/** What an indicator may read besides the symptoms: the features a concrete version of a cause blames. */
export interface Suspects {
  readonly features: readonly string[];
}

/**
 * One yes/no question put to the symptoms. Every cause answers for every indicator with a fitted weight, so that what a cause
 * predicts and is not there speaks against it.
 */
export interface Indicator {
  readonly id: IndicatorId;
  readonly source: EvidenceSource;
  /** 1: it holds · −1: it does not · 0: it cannot be told; graded in between. */
  readonly value: (symptoms: Symptoms, suspects: Suspects) => number;
  /** A full sentence with the numbers in it, for when it holds. Empty: not worth a sentence. */
  readonly whenTrue: (symptoms: Symptoms, suspects: Suspects) => string;
  /** The same for when it does not hold. */
  readonly whenFalse: (symptoms: Symptoms, suspects: Suspects) => string;
}

export const yes = (condition: boolean): number => (condition ? 1 : -1);

/** 0 where it cannot be told. */
export const known = (isKnown: boolean, condition: boolean): number => (isKnown ? yes(condition) : 0);

/** −1 at or below `low`, 1 at or above `high`, straight in between. */
export const graded = (value: number, low: number, high: number): number =>
  Math.min(1, Math.max(-1, (2 * (value - low)) / (high - low) - 1));

function findingOf(symptoms: Symptoms, detector: DetectorId, subject?: FindingSubject): Finding | undefined {
  return symptoms.findings.find(
    (finding) => finding.detector === detector && (subject === undefined || finding.subject === subject),
  );
}

export const has = (symptoms: Symptoms, detector: DetectorId): boolean => findingOf(symptoms, detector) !== undefined;

/** What answers lack that they had; null where they lack nothing. */
export const lostOfAnswers = (symptoms: Symptoms): 'prediction' | 'confidence' | null =>
  (['prediction', 'confidence'] as const).find((part) => findingOf(symptoms, 'missing-values', part) !== undefined) ??
  null;

/** A detector's finding, or the e-detectors' about the same subject. */
export const saidOf = (symptoms: Symptoms, detector: DetectorId, subject: FindingSubject): Finding | undefined =>
  findingOf(symptoms, detector) ?? findingOf(symptoms, 'sequential-evidence', subject);

/** The finding's own sentence, so that a statement carries its numbers. */
export const sentenceOf = (symptoms: Symptoms, detector: DetectorId, subject?: FindingSubject): string =>
  (subject === undefined ? findingOf(symptoms, detector) : saidOf(symptoms, detector, subject))?.sentence ?? '';

export const changedFeatures = (symptoms: Symptoms): readonly string[] =>
  symptoms.features.filter(({ changed }) => changed).map(({ feature }) => feature);

/** Rise of the missing share worth a word, as in the detector of missing values. */
const MIN_RISE = 0.05;
const STANDARD_ERRORS = 4;

/** True when a feature's values go missing more often than before, and by more than chance. */
export function lostValues({ missingNow, missingBefore, samples }: FeatureEvidence): boolean {
  const rise = missingNow - missingBefore;
  const rows = samples / Math.max(0.01, 1 - missingNow);
  const usual = Math.max(missingBefore, 1 / Math.max(1, rows));
  return rise >= MIN_RISE && rise > STANDARD_ERRORS * Math.sqrt((usual * (1 - usual)) / Math.max(1, rows));
}

/** True when a feature's values come as another type more often than before. */
export const isRetyped = ({ invalidNow, invalidBefore, hint }: FeatureEvidence): boolean =>
  invalidNow - invalidBefore >= MIN_RISE || hint?.transformation === 'type-change';
