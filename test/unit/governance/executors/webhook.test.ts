import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from './battery.js';
import { Loopback } from './loopback.js';
import { CANARY, egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';

const targetAt = (url: string): AnyActionTarget => ({
  executor: 'webhook',
  name: 'ci',
  actions: ['rollback'],
  models: null,
  timeoutMs: 1_000,
  authorizationSecret: null,
  settings: { url: `${url}/hooks/mlfi` },
});

/** A receiver that does as Standard Webhooks asks: it checks the signature and takes each id once. */
async function receiver(): Promise<Arena> {
  const taken = new Map<string, string>();
  const server = await Loopback.start(({ headers, body }) => {
    const id = String(headers['webhook-id']);
    const signed = createHmac('sha256', CANARY).update(`${id}.${String(headers['webhook-timestamp'])}.${body}`);
    if (headers['webhook-signature'] !== `v1,${signed.digest('base64')}`) return { status: 401 };
    if (!taken.has(id)) taken.set(id, body);
    return { status: 202, body: {} };
  });
  return {
    server,
    targets: [targetAt(server.url)],
    action: 'rollback',
    state: () => [...taken],
    effects: () => taken.size,
  };
}

conformance({
  executor: 'webhook',
  repetition: 'idempotent',
  onceDespiteRepetition: true,
  lookup: { provesReceived: false, provesNotReceived: false },
  arena: receiver,
});

it('carries the execution as Idempotency-Key and the approved plan as body', async () => {
  const arena = await receiver();
  const http = egressOf(LOOPBACK);
  const executor = createExecutors(
    portsOf(http, () => arena.targets),
    () => Promise.resolve(),
  ).webhook;
  const plan = planOf(arena.targets, 'rollback');
  const execution = newExecution(plan);
  await executor.execute(plan, execution, recommendationOf(plan));
  const [request] = arena.server.requests;
  expect(request?.headers['idempotency-key']).toBe(execution.id);
  expect(JSON.parse(request?.body ?? '')).toMatchObject({
    type: 'mlfi.action.approved',
    execution_id: execution.id,
    parameters: { action: 'rollback', model: 'fraud-detector', version: 'v7', features: ['amount'] },
  });
  await http.close();
  await arena.server.close();
});
