import { z } from 'zod';
import { ORG_ROLES } from '../domain/actor.js';
import { DEFAULT_VERIFICATION_TIMES as VERIFICATION } from '../domain/recommendation.js';
import { formatDuration } from './duration.js';
import { EXECUTABLE_ACTIONS } from '../domain/recommendation.js';
import { executors } from './executors.js';
import { duration, httpUrl, label, slug, whole } from './fields.js';

const webhook = z.strictObject({
  name: slug(),
  url: httpUrl(),
  actions: z.array(z.enum(EXECUTABLE_ACTIONS)).min(1),
  models: z.array(slug()).min(1).max(10_000).optional(),
  signing_secret: label(16_384).optional(),
  signing_secret_file: label(4_096).optional(),
  timeout: duration('100ms', '5m').prefault('10s'),
});

const approvals = z
  .strictObject(
    Object.fromEntries(EXECUTABLE_ACTIONS.map((action) => [action, whole(1, 10).default(1)])) as Record<
      (typeof EXECUTABLE_ACTIONS)[number],
      z.ZodDefault<z.ZodNumber>
    >,
  )
  .prefault({});

const approvers = z.strictObject({
  users: z.array(label(200)).max(1_000).default([]),
  emails: z.array(label(320)).max(1_000).default([]),
  roles: z.array(z.enum(ORG_ROLES)).max(4).default([]),
});

const ruleFields = {
  proposer_may_vote: z.boolean(),
  expire_after: duration('1m', '52w'),
  start_within: duration('1m', '52w'),
};

const policyClass = z.strictObject({
  actions: z.array(z.enum(EXECUTABLE_ACTIONS)).min(1),
  approvers: approvers.optional(),
  proposer_may_vote: ruleFields.proposer_may_vote.optional(),
  expire_after: ruleFields.expire_after.optional(),
  start_within: ruleFields.start_within.optional(),
  break_glass: z.boolean().optional(),
});

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const freeze = z.strictObject({
  name: label(100),
  from: label(40),
  until: label(40),
  days: z.array(z.enum(WEEKDAYS)).max(7).optional(),
  time_zone: label(64).optional(),
});

const breakGlass = z
  .strictObject({
    enabled: z.boolean().default(false),
    users: z.array(label(200)).max(1_000).default([]),
    roles: z.array(z.enum(ORG_ROLES)).max(4).default(['Admin']),
    review_within: duration('1h', '52w').prefault('72h'),
  })
  .prefault({});

const verification = z
  .strictObject({
    settle: duration('0s', '1d').prefault(formatDuration(VERIFICATION.settleMs)),
    hold: duration('1s', '7d').prefault(formatDuration(VERIFICATION.holdMs)),
    give_up: duration('1s', '4w').prefault(formatDuration(VERIFICATION.giveUpMs)),
  })
  .prefault({});

/** Who decides about which action, when, and where it is sent. */
export const governance = z
  .strictObject({
    kill_switch: z.boolean().default(false),
    approvals,
    approvers: approvers.prefault({ roles: ['Admin'] }),
    proposer_may_vote: ruleFields.proposer_may_vote.default(false),
    expire_after: ruleFields.expire_after.prefault('24h'),
    start_within: ruleFields.start_within.prefault('1h'),
    verification,
    policies: z.array(policyClass).max(20).default([]),
    freezes: z.array(freeze).max(100).default([]),
    break_glass: breakGlass,
    webhooks: z.array(webhook).max(100).default([]),
    executors,
  })
  .prefault({});

/** How the audit log is signed and where its checkpoints go. */
export const audit = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9._/-]{1,100}$/)
      .default('mlfi'),
    signing_key_file: label(4_096).default('audit-signing-key.pem'),
    checkpoint_every: duration('1m', '7d').prefault('1h'),
    webhook: httpUrl().optional(),
    grafana_token: label(16_384).optional(),
    grafana_token_file: label(4_096).optional(),
  })
  .prefault({});

/** Short secrets can be guessed: 32 characters of anything random are enough. */
export const MIN_SECRET_LENGTH = 32;
const longSecret = (): z.ZodString => z.string().min(MIN_SECRET_LENGTH).max(16_384);

/** The people who may decide. */
export const identity = z
  .strictObject({
    grafana: z
      .strictObject({
        url: httpUrl().optional(),
        keys_url: httpUrl().optional(),
        organisation: whole(1, 2_147_483_647).default(1),
        shared_secret: longSecret().optional(),
        shared_secret_file: label(4_096).optional(),
      })
      .prefault({}),
    local_people: z
      .array(
        z.strictObject({
          login: slug(),
          name: label(200),
          role: z.enum(ORG_ROLES).default('Admin'),
          token: longSecret().optional(),
          token_file: label(4_096).optional(),
        }),
      )
      .max(100)
      .default([]),
  })
  .prefault({});
