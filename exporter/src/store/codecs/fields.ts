import { z } from 'zod';
import { anyNumber } from '../../domain/codec.js';
import { ORG_ROLES, type Actor } from '../../domain/actor.js';
import { CAUSE_IDS } from '../../domain/cause.js';
import type { Interval, Proportion } from '../../domain/estimate.js';
import {
  apiKeyId,
  executionId,
  incidentId,
  lessonId,
  modelId as readModelId,
  recommendationId,
  validationId,
  voteId,
} from '../../domain/identifiers.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { ACTION_IDS } from '../../domain/recommendation.js';
import { SEVERITIES } from '../../domain/severity.js';

const modelId = z.string().transform((text, context) => {
  try {
    return readModelId(text);
  } catch {
    context.addIssue('is no model id');
    return z.NEVER;
  }
});
export const ids = {
  model: modelId,
  incident: z.string().transform(incidentId),
  recommendation: z.string().transform(recommendationId),
  vote: z.string().transform(voteId),
  execution: z.string().transform(executionId),
  lesson: z.string().transform(lessonId),
  validation: z.string().transform(validationId),
  apiKey: z.string().transform(apiKeyId),
};

export const json: z.ZodType<Json> = z.json();
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json);
export const cause = z.enum(CAUSE_IDS);
export const action = z.enum(ACTION_IDS);
export const severity = z.enum(SEVERITIES);

export const interval: z.ZodType<Interval> = z.object({ low: anyNumber, high: anyNumber, level: anyNumber });
export const proportion: z.ZodType<Proportion> = z.object({
  count: anyNumber,
  of: anyNumber,
  share: anyNumber,
  interval,
});

export const actor: z.ZodType<Actor> = z.object({
  kind: z.enum(['user', 'api-key', 'system']),
  subject: z.string(),
  name: z.string(),
  person: z
    .object({
      issuer: z.enum(['grafana', 'local']),
      id: z.string(),
      uid: z.string().nullable(),
      login: z.string(),
      email: z.string().nullable(),
      role: z.enum(ORG_ROLES),
      authenticatedBy: z.string().nullable(),
      keyId: z.string().nullable(),
      tokenHash: z.string().nullable(),
    })
    .exactOptional(),
});
