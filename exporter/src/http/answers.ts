import { z } from 'zod';
import { ALERT_SENDERS } from '../domain/alert.js';
import { CAUSE_IDS } from '../domain/cause.js';
import { DETECTOR_IDS } from '../domain/finding.js';
import { CONNECTOR_IDS, MODEL_STATES } from '../domain/model.js';
import { API_SCOPES } from '../domain/ports.js';
import { ACTION_IDS, PRIORITIES, RECOMMENDATION_STATES } from '../domain/recommendation.js';
import { SEVERITIES } from '../domain/severity.js';
import { VALIDATION_CRITERIA, VALIDATION_PURPOSES } from '../domain/validation.js';

const nullableNumber = z.number().nullable();
const nullableText = z.string().nullable();
const severity = z.enum(SEVERITIES);
const interval = z.object({ low: z.number(), high: z.number(), level: z.number() });
const proportion = z.object({ count: z.number(), of: z.number(), share: z.number(), interval });
const statistic = z.object({ name: z.string(), value: z.number() });
const blindSpot = z.object({ check: z.string(), reason: z.string() });
const window = z.object({ fromMs: z.number(), toMs: z.number(), samples: z.number() });
const done = z.looseObject({});

const finding = z.object({
  detector: z.enum(DETECTOR_IDS),
  subject: z.string(),
  kind: z.enum(['service', 'quality', 'data', 'model', 'note']),
  direction: z.enum(['up', 'down', 'changed']),
  statistic,
  threshold: z.number(),
  pValue: nullableNumber,
  effect: z.object({ measure: z.string(), value: z.number(), interval: interval.nullable() }),
  cost: z.object({ measure: z.literal('accuracy'), value: z.number(), interval }).optional(),
  statistics: z.array(statistic),
  before: nullableNumber,
  now: nullableNumber,
  window,
  baselineSamples: nullableNumber,
  sentence: z.string(),
});

const cause = z.object({
  id: z.enum(CAUSE_IDS),
  title: z.string(),
  logOdds: z.number(),
  probability: z.number(),
  supporting: z.array(z.object({ text: z.string(), logOdds: z.number() })),
  refuting: z.array(z.object({ text: z.string(), logOdds: z.number() })),
  features: z.array(z.string()),
  segments: z.array(z.string()),
  shareExplained: nullableNumber,
});

const incident = z.object({
  id: z.string(),
  modelId: z.string(),
  openedAtMs: z.number(),
  closedAtMs: nullableNumber,
  severity,
  diagnosis: z.object({
    atMs: z.number(),
    window,
    severity,
    severityReason: z.string(),
    causes: z.array(cause),
    findings: z.array(finding),
    features: z.array(z.string()),
    repairs: z
      .array(
        z.object({
          feature: z.string(),
          transformation: z.string(),
          parameters: z.record(z.string(), z.union([z.number(), z.string()])),
          fit: z.number(),
          sinceMs: nullableNumber,
          sentence: z.string(),
        }),
      )
      .optional(),
    segments: z.array(
      z.object({
        predicate: z.string(),
        rows: z.number(),
        share: z.number(),
        measure: z.enum(['confidence', 'errors', 'accuracy']),
        before: nullableNumber,
        now: z.number(),
        contribution: z.number(),
      }),
    ),
    decomposition: z
      .object({
        measure: z.enum(['confidence', 'accuracy', 'estimated accuracy']),
        before: z.number(),
        now: z.number(),
        total: z.number(),
        parts: z.array(z.object({ name: z.string(), value: z.number() })),
        remainder: z.number(),
        interventional: z.boolean(),
      })
      .nullable(),
    attributions: z.array(
      z.object({ feature: z.string(), value: z.number(), standardError: nullableNumber, method: z.string() }),
    ),
    surrogate: z
      .object({
        output: z.enum(['confidence', 'prediction']),
        rows: z.number(),
        rSquared: z.number(),
        isUsed: z.boolean(),
      })
      .nullish(),
    changes: z.array(z.object({ atMs: z.number(), kind: z.string(), text: z.string() })),
    unexplained: nullableText,
    blindSpots: z.array(blindSpot),
  }),
  explanation: z.object({ headline: z.string(), paragraphs: z.array(z.string()) }),
  timeline: z.array(z.object({ atMs: z.number(), kind: z.string(), text: z.string() })),
});

const baseline = z.object({
  state: z.enum(['absent', 'learning', 'ready', 'frozen']),
  version: z.number().optional(),
  samples: z.number().optional(),
  admitted_at_ms: z.number().optional(),
  required_samples: nullableNumber.optional(),
  missing: z.array(z.string()).optional(),
  refused: z.array(z.string()).optional(),
});

const model = z.object({
  id: z.string(),
  name: z.string(),
  url: nullableText,
  connector: z.enum(CONNECTOR_IDS).nullable(),
  owner: nullableText,
  tags: z.array(z.string()),
  version: nullableText,
  state: z.enum(MODEL_STATES),
  severity,
  incident_id: nullableText,
  headline: nullableText,
  cause: z.enum(CAUSE_IDS).nullable(),
  confidence_mean: nullableNumber,
  error_share: z.number(),
  latency_p50_seconds: nullableNumber,
  latency_p95_seconds: nullableNumber,
  window_samples: z.number(),
  total_samples: z.number(),
  last_probe_at_ms: nullableNumber,
  last_prediction_at_ms: nullableNumber,
  evaluated_at_ms: nullableNumber,
  baseline,
  evidence: z.object({
    verdict: z.enum(['learning', 'quiet', 'warning', 'alarm']),
    line_share: z.number(),
    budget_left: z.number(),
    false_page_every_ms: z.number(),
    changed_at_ms: nullableNumber,
    recovered: z.boolean(),
    signals: z.array(
      z.object({
        signal: z.string(),
        watch: z.enum(['learning', 'provisional', 'watching', 'changed']),
        odds: z.string(),
        changed_at_ms: nullableNumber,
        direction: z.string(),
        statistic: z.string(),
        note: nullableText,
      }),
    ),
  }),
  performance: z.looseObject({ kind: z.enum(['unknown', 'estimated']), realised: proportion.nullable() }),
  patterns: z.array(
    z.object({
      cause: z.enum(CAUSE_IDS),
      features: z.array(z.string()),
      incidents: z.number(),
      first_at_ms: z.number(),
      last_at_ms: z.number(),
      every_ms: z.number(),
      hours: z
        .object({
          weekday: nullableNumber,
          from_hour: z.number(),
          to_hour: z.number(),
          incidents: z.number(),
          p_value: z.number(),
        })
        .nullable(),
      recommendation: z.object({ action: z.enum(ACTION_IDS), title: z.string(), why: z.string() }),
    }),
  ),
  blind_spots: z.array(blindSpot),
});

const numericCounts = z.object({
  kind: z.literal('numeric'),
  grid: z.union([
    z.object({ kind: z.literal('unit') }),
    z.object({ kind: z.literal('asinh'), centre: z.number(), scale: z.number(), step: z.number() }),
  ]),
  cells: z.array(z.tuple([z.number(), z.number()])),
  missing: z.number(),
  invalid: z.number(),
});
const categoricalCounts = z.object({
  kind: z.literal('categorical'),
  categories: z.array(z.tuple([z.string(), z.number()])),
  other: z.number(),
  missing: z.number(),
  invalid: z.number(),
});
const counts = z.union([numericCounts, categoricalCounts]).nullable();

const actor = z.object({
  kind: z.enum(['user', 'api-key', 'system']),
  subject: z.string(),
  name: z.string(),
  login: z.string().optional(),
  role: z.string().optional(),
});
const recommendation = z.object({
  id: z.string(),
  incidentId: z.string(),
  modelId: z.string(),
  action: z.enum(ACTION_IDS),
  title: z.string(),
  priority: z.enum(PRIORITIES),
  why: z.string(),
  steps: z.array(z.string()),
  expectedEffect: z.string(),
  risk: z.string(),
  verificationText: z.string(),
  plan: z.object({ executor: z.string(), target: z.string(), parameters: z.looseObject({}) }).nullable(),
  trackRecord: z.object({ helped: z.number(), tried: z.number(), similarIncidents: z.array(z.string()) }).nullable(),
  revision: z.number(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  requiredApprovals: z.number(),
  proposedBy: actor,
  policy: z.looseObject({ breakGlass: z.boolean(), proposerMayVote: z.boolean() }),
  evidence: z.object({ headline: z.string(), findings: z.array(z.string()) }),
  digest: z.string(),
  state: z.enum(RECOMMENDATION_STATES),
  votes: z.array(
    z.object({
      verdict: z.enum(['approve', 'reject']),
      reason: z.string(),
      by: actor,
      atMs: z.number(),
      breakGlass: z.object({ ticket: z.string() }).optional(),
    }),
  ),
  execution: z
    .object({
      id: z.string(),
      executor: z.string(),
      state: z.enum(['queued', 'dispatching', 'succeeded', 'failed', 'unknown', 'cancelled']),
      queuedAtMs: z.number(),
      startedAtMs: nullableNumber,
      finishedAtMs: nullableNumber,
      detail: z.string(),
    })
    .nullable(),
  attempts: z.array(
    z.object({ number: z.number(), kind: z.string(), outcome: z.string(), atMs: z.number(), detail: z.string() }),
  ),
  verification: z
    .object({ outcome: z.enum(['recovered', 'not_recovered', 'inconclusive']), atMs: z.number(), detail: z.string() })
    .nullable(),
  dry_run: z.string().nullable(),
});
const lesson = z.object({
  incidentId: z.string(),
  modelId: z.string(),
  cause: z.enum(CAUSE_IDS),
  headline: z.string(),
  closedAtMs: z.number(),
  actions: z.array(z.object({ action: z.enum(ACTION_IDS), outcome: z.string() })),
});
const verdict = z.enum(['pass', 'fail', 'inconclusive']);
const validation = z.object({
  id: z.string(),
  modelId: z.string(),
  candidateUrl: z.string(),
  purpose: z.enum(VALIDATION_PURPOSES),
  state: z.enum(['running', 'finished', 'failed']),
  startedAtMs: z.number(),
  finishedAtMs: nullableNumber,
  currentVersion: nullableText,
  candidateVersion: nullableText,
  calls: z.number(),
  verdict: verdict.nullable(),
  reasons: z.array(z.string()),
  criteria: z.array(z.object({ name: z.enum(VALIDATION_CRITERIA), verdict, text: z.string() })),
  requestedBy: z.string(),
});
const goldenInput = z.object({
  id: z.string(),
  origin: z.enum(['user', 'generated']),
  input: nullableText,
  verdict: z.enum(['same', 'answer-changed', 'confidence-moved', 'noisy', 'unanswered']),
  answers_before: z.number(),
  answers_now: z.number(),
  distinct_before: z.number(),
  distinct_now: z.number(),
  confidence_before: nullableNumber,
  confidence_now: nullableNumber,
  confidence_tolerance: nullableNumber,
});
const killSwitch = z.object({
  configured: z.boolean(),
  switched: z.boolean(),
  reason: nullableText,
  by: nullableText,
  at_ms: nullableNumber,
});
const review = z.object({
  recommendationId: z.string(),
  usedBy: actor,
  ticket: z.string(),
  dueAtMs: z.number(),
  reviewedBy: actor.nullable(),
  reviewedAtMs: nullableNumber,
  finding: nullableText,
});
const learnt = z.object({
  version: z.string(),
  sinceMs: nullableNumber,
  lessons: z.number(),
  actions: z.array(
    z.object({
      cause: z.enum(CAUSE_IDS),
      action: z.enum(ACTION_IDS),
      helped: z.number(),
      tried: z.number(),
      lastAtMs: z.number(),
    }),
  ),
});
const alert = z.object({
  sender: z.enum(ALERT_SENDERS),
  fingerprint: z.string(),
  model: z.string(),
  name: z.string(),
  summary: z.string(),
  labels: z.record(z.string(), z.string()),
  starts_at_ms: z.number(),
  ends_at_ms: nullableNumber,
  received_at_ms: z.number(),
});
const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(API_SCOPES)),
  created_at_ms: z.number(),
  last_used_at_ms: nullableNumber,
  revoked_at_ms: nullableNumber,
});
const opinions = z.object({
  opinions: z.array(
    z.object({
      by: z.object({ subject: z.string(), name: z.string() }),
      useful: z.boolean(),
      reason: z.string(),
      atMs: z.number(),
      onEvidence: z.boolean(),
    }),
  ),
});
const checkpoint = z.object({ size: z.number(), at_ms: z.number(), note: z.string() });
const attempt = z.object({ connector: z.enum(CONNECTOR_IDS), url: z.string(), what: z.string(), outcome: z.string() });

/**
 * Shapes of the answers, by method and path of the route: what the OpenAPI document promises and the plugin's types are made
 * of. Only what a reader may rely on is listed; an answer may hold more.
 */
export const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  'GET /api/v1/models': z.object({ models: z.array(model) }),
  'POST /api/v1/models': model,
  'GET /api/v1/models/:id': model.extend({
    findings: z.array(finding),
    golden_inputs: z.array(goldenInput),
  }),
  'GET /api/v1/models/:id/distributions': z.object({
    signals: z.array(
      z.object({ signal: z.string(), bins: z.array(z.number()).nullable(), before: counts, now: counts }),
    ),
  }),
  'POST /api/v1/discover': z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('found'),
      endpoint: z.object({ url: z.string(), connector: z.enum(CONNECTOR_IDS) }),
      payloads: z.array(z.json()),
      answer: z.looseObject({}),
      attempts: z.array(attempt),
    }),
    z.object({
      kind: z.literal('not-found'),
      failure: z.looseObject({}),
      attempts: z.array(attempt),
    }),
  ]),
  'GET /api/v1/incidents': z.object({ incidents: z.array(incident) }),
  'GET /api/v1/incidents/:id': incident,
  'GET /api/v1/incidents/:id/similar': z.object({
    similar: z.array(z.object({ lesson, similarity: z.number() })),
  }),
  'GET /api/v1/incidents/:id/opinions': opinions,
  'POST /api/v1/opinions': opinions,
  'GET /api/v1/lessons': z.object({ lessons: z.array(lesson) }),
  'GET /api/v1/recommendations': z.object({ recommendations: z.array(recommendation) }),
  'GET /api/v1/recommendations/:id': recommendation,
  'POST /api/v1/recommendations': recommendation,
  'POST /api/v1/votes': recommendation,
  'POST /api/v1/revocations': recommendation,
  'POST /api/v1/withdrawals': recommendation,
  'POST /api/v1/outcomes': recommendation,
  'GET /api/v1/learning': learnt,
  'POST /api/v1/learning/reset': learnt,
  'GET /api/v1/alerts': z.object({ alerts: z.array(alert) }),
  'GET /api/v1/keys': z.object({ keys: z.array(apiKey) }),
  'GET /api/v1/audit': z.object({
    entries: z.array(
      z.object({ sequence: z.number(), previous_hash: z.string(), hash: z.string(), body: z.looseObject({}) }),
    ),
  }),
  'GET /api/v1/audit/checkpoints': z.object({ key: z.string(), checkpoints: z.array(checkpoint) }),
  'GET /api/v1/audit/verify': z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('intact'), entries: z.number(), headHash: z.string() }),
    z.object({ kind: z.literal('broken'), atSequence: z.number(), reason: z.string() }),
  ]),
  'GET /api/v1/whoami': z.object({
    kind: z.enum(['nobody', 'user', 'api-key', 'system']),
    subject: nullableText,
    name: nullableText,
    person: z
      .object({ issuer: z.string(), id: z.string(), login: z.string(), email: nullableText, role: z.string() })
      .nullable(),
    scopes: z.array(z.string()),
    decides: z.array(z.enum(ACTION_IDS)),
    breaks_glass: z.boolean(),
    problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  'GET /api/v1/kill-switch': killSwitch,
  'PUT /api/v1/kill-switch': killSwitch,
  'GET /api/v1/reviews': z.object({ reviews: z.array(review) }),
  'GET /api/v1/models/:id/validations': z.object({ validations: z.array(validation) }),
  'POST /api/v1/models/:id/validations': validation,
  'POST /api/v1/models/:id/baseline/accept': baseline,
  'GET /api/v1/models/:id/baseline': baseline,
  'POST /api/v1/models/:id/baseline/reset': baseline,
  'POST /api/v1/models/:id/start': done,
  'POST /api/v1/models/:id/pause': done,
};
