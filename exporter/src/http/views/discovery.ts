import { z } from 'zod';
import type { Discovery } from '../../domain/discovery.js';
import { CONNECTOR_IDS } from '../../domain/model.js';
import { FAILURE_REASONS } from '../../domain/observation.js';
import { shownAddress } from '../../domain/shown-address.js';
import { SETUP_KINDS, problemOfOneTry } from '../../domain/setup-problem.js';
import { anyJson, nullableNumber, nullableText } from './estimates.js';

/** Why mlfi cannot ask a model, and the one thing to do. */
export const setupSchema = z
  .object({ kind: z.enum(SETUP_KINDS), sentence: z.string(), advice: z.string() })
  .meta({ id: 'SetupProblem' });

const attempt = z
  .object({ connector: z.enum(CONNECTOR_IDS), url: z.string(), what: z.string(), outcome: z.string() })
  .meta({ id: 'DiscoveryAttempt' });

export const discoverySchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('found'),
      endpoint: z.object({ url: z.string(), connector: z.enum(CONNECTOR_IDS) }),
      payloads: z.array(anyJson),
      answer: z.object({
        prediction: z.union([z.string(), z.number(), z.boolean(), z.null()]),
        confidence: nullableNumber,
        model_version: nullableText,
        latency_seconds: z.number(),
        shape: z.string(),
      }),
      attempts: z.array(attempt),
    }),
    z.object({
      kind: z.literal('not-found'),
      failure: z.object({
        reason: z.enum(FAILURE_REASONS),
        detail: z.string(),
        http_status: nullableNumber,
        retry_after_ms: nullableNumber,
      }),
      setup: setupSchema,
      attempts: z.array(attempt),
    }),
  ])
  .meta({ id: 'Discovery' });

/** How a URL may be asked, or why nothing was found; the name of a secret stays inside. */
export function discoveryView(discovery: Discovery): z.output<typeof discoverySchema> {
  const attempts = discovery.attempts.map(({ connector, url, what, outcome }) => ({
    connector,
    url: shownAddress(url),
    what,
    outcome,
  }));
  if (discovery.kind === 'not-found') {
    const { reason, detail, httpStatus, retryAfterMs } = discovery.failure;
    return {
      kind: 'not-found',
      failure: { reason, detail, http_status: httpStatus, retry_after_ms: retryAfterMs },
      setup: problemOfOneTry(discovery.failure),
      attempts,
    };
  }
  const { endpoint, payloads, answer } = discovery;
  return {
    kind: 'found',
    endpoint: { url: shownAddress(endpoint.url), connector: endpoint.connector },
    payloads: [...payloads],
    answer: {
      prediction: answer.prediction,
      confidence: answer.confidence,
      model_version: answer.modelVersion,
      latency_seconds: answer.latencySeconds,
      shape: answer.shape,
    },
    attempts,
  };
}
