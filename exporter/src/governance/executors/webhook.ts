import { createHmac } from 'node:crypto';
import type { Execution } from '../../domain/decision.js';
import type { JsonObject } from '../../domain/json.js';
import type { Clock } from '../../domain/ports.js';
import type { Recommendation } from '../../domain/recommendation.js';
import { outcomeOf } from './outcome.js';
import type { Protocol } from './protocol.js';

export interface WebhookPorts {
  readonly clock: Clock;
  /** Signing secret of the named target, or null when bodies are sent unsigned. */
  readonly signingSecret: (targetName: string) => string | null;
}

/**
 * Posts the approved action to an address, with the headers of Standard Webhooks 1.0 (webhook-id, webhook-timestamp,
 * webhook-signature `v1,` + base64 HMAC-SHA256 over `id.timestamp.body`) and an Idempotency-Key. Both ids are the
 * execution's, so a receiver can tell a repetition.
 */
export function createWebhookProtocol({ clock, signingSecret }: WebhookPorts): Protocol<'webhook'> {
  return {
    executor: 'webhook',
    repetition: 'idempotent',
    prepare({ name, settings }, plan) {
      const { origin, pathname } = new URL(settings.url);
      const signed = signingSecret(name) === null ? 'unsigned' : 'signed';
      return Promise.resolve({
        kind: 'ready',
        text: `would POST ${JSON.stringify(plan.parameters)} to ${origin}${pathname}, ${signed}`,
      });
    },
    async execute({ name, call }, plan, execution, recommendation) {
      const body = bodyOf(plan.parameters, execution, recommendation);
      const timestamp = String(Math.floor(clock.now() / 1_000));
      const secret = signingSecret(name);
      const signature =
        secret === null
          ? null
          : createHmac('sha256', keyOf(secret))
              .update(`${execution.id}.${timestamp}.${JSON.stringify(body)}`)
              .digest('base64');
      const reply = await call('POST', '', {
        body,
        headers: {
          'idempotency-key': execution.id,
          'webhook-id': execution.id,
          'webhook-timestamp': timestamp,
          ...(signature === null ? {} : { 'webhook-signature': `v1,${signature}` }),
        },
      });
      return outcomeOf(reply, ({ status }) => ({ kind: 'succeeded', detail: `the receiver answered ${status}` }));
    },
    lookup: () =>
      Promise.resolve({ kind: 'unknown', detail: 'a webhook receiver cannot be asked what became of a call' }),
  };
}

/** Secrets written as `whsec_<base64>` are decoded, as Standard Webhooks does; others are used as they are. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

function bodyOf(parameters: JsonObject, execution: Execution, recommendation: Recommendation): JsonObject {
  return {
    type: 'mlfi.action.approved',
    execution_id: execution.id,
    recommendation_id: recommendation.id,
    incident_id: recommendation.incidentId,
    model: recommendation.modelId,
    digest: recommendation.digest,
    title: recommendation.title,
    parameters,
  };
}
