import { z } from 'zod';
import { anyNumber, codec, count, inRow, renameKeys } from '../../domain/codec.js';
import { ORG_ROLES } from '../../domain/actor.js';
import type { DecisionPolicy } from '../../domain/decision-policy.js';
import { EXECUTOR_IDS, type Plan } from '../../domain/executor.js';
import {
  PRIORITIES,
  RECOMMENDATION_STATES,
  type Recommendation,
  type TrackRecord,
  type VerificationCriteria,
} from '../../domain/recommendation.js';
import { action, actor, cause, ids, jsonObject } from './fields.js';

const policy: z.ZodType<DecisionPolicy> = z.object({
  version: z.string(),
  approvers: z.object({
    users: z.array(z.string()),
    emails: z.array(z.string()),
    roles: z.array(z.enum(ORG_ROLES)),
  }),
  proposerMayVote: z.boolean(),
  expireAfterMs: z.number(),
  startWithinMs: z.number(),
  breakGlass: z.boolean(),
});

const verification: z.ZodType<VerificationCriteria> = z.object({
  settleMs: z.number(),
  holdMs: z.number(),
  giveUpMs: z.number(),
  mustClear: z.array(z.string()),
  subjects: z.array(z.string()).optional(),
});

const plan: z.ZodType<Plan> = z.object({
  executor: z.enum(EXECUTOR_IDS),
  target: z.string(),
  parameters: jsonObject,
});

const trackRecord: z.ZodType<TrackRecord> = z.object({
  helped: count,
  tried: count,
  similarIncidents: z.array(ids.incident),
  successEstimate: z.object({ mean: anyNumber, low: anyNumber, high: anyNumber, lowerQuantile20: anyNumber }),
});

const recommendation: z.ZodType<Recommendation> = z.object({
  id: ids.recommendation,
  incidentId: ids.incident,
  modelId: ids.model,
  revision: count,
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  requiredApprovals: count,
  policy,
  proposedBy: actor,
  modelVersion: z.string().nullable(),
  evidence: z.object({ headline: z.string(), findings: z.array(z.string()) }),
  followUpTo: ids.recommendation.nullable(),
  digest: z.string(),
  state: z.enum(RECOMMENDATION_STATES),
  action,
  cause,
  title: z.string(),
  priority: z.enum(PRIORITIES),
  why: z.string(),
  steps: z.array(z.string()),
  expectedEffect: z.string(),
  risk: z.string(),
  verificationText: z.string(),
  verification: verification.nullable(),
  plan: plan.nullable(),
  trackRecord: trackRecord.nullable(),
});

/** Version 2 calls an action's outlook what it is: an estimate of success with the quantile it is ranked by. */
const nameEstimates = (old: unknown): unknown => {
  const read = z.looseObject({ trackRecord: z.unknown() }).safeParse(old);
  return read.success
    ? {
        ...read.data,
        trackRecord: renameKeys(read.data.trackRecord, { outlook: 'successEstimate', cautious: 'lowerQuantile20' }),
      }
    : old;
};

export const recommendationCodec = inRow(
  codec('recommendation', recommendation, [nameEstimates]),
  ({ id, incidentId: incident, modelId: model }) => ({ id, incident, model }),
);
