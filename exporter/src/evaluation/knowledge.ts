import type { AnyActionTarget } from '../domain/action-target.js';
import type { Fingerprint } from '../domain/incident.js';
import type { Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import type { VerificationTimes } from '../domain/recommendation.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { Validation } from '../domain/validation.js';
import { estimateSuccess } from '../incident-history/success-estimate.js';
import { trackRecord } from '../incident-history/track-record.js';
import type { RecommendationContext } from '../recommendation/context.js';

/** What an evaluation may draw on besides the model itself. */
export interface Knowledge {
  readonly thresholds: DetectionThresholds;
  readonly lessons: readonly Lesson[];
  readonly targets: readonly AnyActionTarget[];
  readonly verification: VerificationTimes;
  /** Newest verdict on a candidate version of the model. */
  readonly validation: Validation | null;
}

/**
 * What the rules of recommendation may draw on for an incident of this fingerprint.
 * @param atMs when the diagnosis was made: older lessons weigh less
 */
export function recommendationContext(
  model: Model,
  { versionStep, hasBaseline }: Pick<RecommendationContext, 'versionStep' | 'hasBaseline'>,
  { lessons, targets, verification, validation }: Omit<Knowledge, 'thresholds'>,
  fingerprint: Fingerprint,
  atMs: number,
): RecommendationContext {
  const past = { fingerprint, atMs, lessons };
  return {
    modelId: model.id,
    modelName: model.name,
    targets,
    verification,
    validation: validationInForce(validation, model, atMs),
    track: (cause, action, ruleRank) => trackRecord(cause, action, ruleRank, past),
    successEstimate: (cause, action, ruleRank) => estimateSuccess(cause, action, ruleRank, past),
    hasBaseline,
    versionStep,
  };
}

const VALIDATION_COUNTS_MS = 86_400_000;

/** A verdict speaks for a day, and only against the version that was in service: then what it compared is gone. */
export function validationInForce(validation: Validation | null, model: Model, nowMs: number): Validation | null {
  if (validation?.finishedAtMs == null || nowMs - validation.finishedAtMs >= VALIDATION_COUNTS_MS) return null;
  const sameModel = validation.currentVersion === model.versionLabel && validation.candidateUrl !== model.endpoint?.url;
  return sameModel ? validation : null;
}
