import { z } from 'zod';
import { codec, count, inRow } from '../../domain/codec.js';
import type { Execution, ExecutionAttempt, KillSwitch, Review, Verification, Vote } from '../../domain/decision.js';
import { EXECUTOR_IDS } from '../../domain/executor.js';
import { setting } from '../../domain/setting.js';
import { actor, ids } from './fields.js';

const vote: z.ZodType<Vote> = z.object({
  id: ids.vote,
  recommendationId: ids.recommendation,
  digest: z.string(),
  verdict: z.enum(['approve', 'reject']),
  reason: z.string(),
  by: actor,
  atMs: z.number(),
  breakGlass: z.object({ ticket: z.string() }).exactOptional(),
});

const execution: z.ZodType<Execution> = z.object({
  id: ids.execution,
  recommendationId: ids.recommendation,
  executor: z.enum([...EXECUTOR_IDS, 'person']),
  state: z.enum(['queued', 'dispatching', 'succeeded', 'failed', 'unknown', 'cancelled']),
  queuedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  detail: z.string(),
});

const attempt: z.ZodType<ExecutionAttempt> = z.object({
  executionId: ids.execution,
  number: count,
  kind: z.enum(['sent', 'answer', 'lookup', 'callback', 'person', 'cancelled']),
  outcome: z.enum(['started', 'succeeded', 'failed', 'unknown', 'not-received', 'cancelled']),
  atMs: z.number(),
  detail: z.string(),
});

const verification: z.ZodType<Verification> = z.object({
  executionId: ids.execution,
  outcome: z.enum(['recovered', 'not_recovered', 'inconclusive']),
  atMs: z.number(),
  detail: z.string(),
});

const review: z.ZodType<Review> = z.object({
  recommendationId: ids.recommendation,
  usedBy: actor,
  ticket: z.string(),
  dueAtMs: z.number(),
  reviewedBy: actor.nullable(),
  reviewedAtMs: z.number().nullable(),
  finding: z.string().nullable(),
});

const killSwitch: z.ZodType<KillSwitch> = z.object({
  on: z.boolean(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
  atMs: z.number().nullable(),
});

/** At first only whether it was on was kept. */
const nameSwitcher = (old: unknown): unknown =>
  typeof old === 'boolean' ? { on: old, reason: null, by: null, atMs: null } : old;

export const voteCodec = inRow(codec('vote', vote), ({ id, recommendationId: recommendation }) => ({
  id,
  recommendation,
}));
export const executionCodec = inRow(codec('execution', execution), ({ id, recommendationId: recommendation }) => ({
  id,
  recommendation,
}));
export const attemptCodec = inRow(codec('execution attempt', attempt), ({ executionId: execution, number }) => ({
  execution,
  number,
}));
export const verificationCodec = codec('verification', verification);
export const reviewCodec = inRow(codec('review', review), ({ recommendationId: recommendation }) => ({
  recommendation,
}));
export const KILL_SWITCH = setting('kill_switch', killSwitch, [nameSwitcher]);
