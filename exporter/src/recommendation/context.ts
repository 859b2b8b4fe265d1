import { type AnyActionTarget } from '../domain/action-target.js';
import type { CauseId } from '../domain/cause.js';
import type { VersionStep } from '../domain/model.js';
import {
  type ActionId,
  type SuccessEstimate,
  type TrackRecord,
  type VerificationTimes,
} from '../domain/recommendation.js';
import type { Validation } from '../domain/validation.js';

export interface RecommendationContext {
  readonly modelId: string;
  readonly modelName: string;
  /** What carries actions out; an action that none of them serves is advice. */
  readonly targets: readonly AnyActionTarget[];
  /** Newest verdict on a candidate version, where it is recent. */
  readonly validation: Validation | null;
  /** `ruleRank`: position of the action among the rules of the cause, 0 = first. */
  readonly track: (cause: CauseId, action: ActionId, ruleRank: number) => TrackRecord | null;
  readonly successEstimate: (cause: CauseId, action: ActionId, ruleRank: number) => SuccessEstimate;
  readonly verification: VerificationTimes;
  readonly hasBaseline: boolean;
  readonly versionStep: VersionStep;
}
