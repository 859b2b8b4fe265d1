import { createHmac } from 'node:crypto';
import type { Clock, Executor, ExecutionOutcome, HttpClient } from '../../domain/ports.js';
import type { Recommendation } from '../../domain/recommendation.js';
import type { Execution } from '../../domain/decision.js';

export interface WebhookPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Signing secret for an address, or null when bodies are sent unsigned. */
  readonly secretFor: (url: string) => string | null;
  readonly timeoutMs: number;
}

const LARGEST_ANSWER_BYTES = 64 * 1_024;

/**
 * Posts the approved action to an address, with the headers of Standard Webhooks 1.0 (webhook-id, webhook-timestamp,
 * webhook-signature `v1,` + base64 HMAC-SHA256 over `id.timestamp.body`). The id is the execution's, so a receiver can
 * tell a repetition. 2xx succeeded, 4xx failed, anything else unknown: the receiver may have acted.
 */
export function createWebhookExecutor({ http, clock, secretFor, timeoutMs }: WebhookPorts): Executor {
  return {
    id: 'webhook',
    repetition: 'idempotent',
    prepare: (plan) =>
      Promise.resolve(
        URL.canParse(plan.target)
          ? {
              kind: 'ready',
              text: `would POST ${JSON.stringify(plan.parameters)} to ${new URL(plan.target).origin}${new URL(plan.target).pathname}${secretFor(plan.target) === null ? ', unsigned' : ', signed'}`,
            }
          : { kind: 'impossible', reason: 'the webhook target of the plan is not a URL' },
      ),
    async execute(plan, execution, recommendation) {
      const body = JSON.stringify(bodyOf(plan.parameters, execution, recommendation));
      const timestamp = String(Math.floor(clock.now() / 1_000));
      const secret = secretFor(plan.target);
      const signature =
        secret === null
          ? null
          : createHmac('sha256', keyOf(secret)).update(`${execution.id}.${timestamp}.${body}`).digest('base64');
      const answer = await http.call({
        method: 'POST',
        url: plan.target,
        headers: {
          'content-type': 'application/json',
          'webhook-id': execution.id,
          'webhook-timestamp': timestamp,
          ...(signature === null ? {} : { 'webhook-signature': `v1,${signature}` }),
        },
        body,
        timeoutMs,
        maxResponseBytes: LARGEST_ANSWER_BYTES,
      });
      if (answer.kind === 'failure') return failed(answer.failure.reason, answer.failure.detail);
      if (answer.status >= 200 && answer.status < 300)
        return { kind: 'succeeded', detail: `the receiver answered ${answer.status}` };
      if (answer.status >= 400 && answer.status < 500)
        return { kind: 'failed', detail: `the receiver refused with ${answer.status}` };
      return { kind: 'unknown', detail: `the receiver answered ${answer.status}; whether it acted is not known` };
    },
    lookup: () =>
      Promise.resolve({ kind: 'unknown', detail: 'a webhook receiver cannot be asked what became of a call' }),
  };
}

/** Nothing was sent when no connection was made; everything later may have arrived. */
function failed(reason: string, detail: string): ExecutionOutcome {
  const unsent = ['dns', 'connect', 'tls', 'blocked'].includes(reason);
  return unsent
    ? { kind: 'failed', detail: `not sent: ${detail}` }
    : { kind: 'unknown', detail: `sent, but no usable answer: ${detail}` };
}

/** Secrets written as `whsec_<base64>` are decoded, as Standard Webhooks does; others are used as they are. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

function bodyOf(parameters: object, execution: Execution, recommendation: Recommendation): object {
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
