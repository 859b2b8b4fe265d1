import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import {
  countingExecutor,
  governanceOn,
  incident,
  model as modelInService,
  movableClock,
  person,
  policyOf,
  proposal,
} from '../../integration/governance/harness.js';

const MODEL = modelId('fraud');
const folder = mkdtempSync(join(tmpdir(), 'mlfi-interrupted-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('sends nothing again that was being sent when mlfi was killed, while the kill switch is on', async () => {
  const store = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') });
  const { executors, sent } = countingExecutor();
  const { webhook } = executors;
  const started = (execute: typeof webhook.execute): Governance =>
    governanceOn(store, {
      clock: movableClock(1_000),
      ids: randomIds,
      policy: () => policyOf(1),
      soleWriter: true,
      executors: { ...executors, webhook: { ...webhook, repetition: 'idempotent', execute } },
    });
  const model = { ...modelInService(), id: MODEL };
  await store.models.save(model);
  const open = { ...incident('open'), modelId: MODEL };
  await store.incidents.save(open);
  let isSending = (): void => undefined;
  const sending = new Promise<void>((resolve) => (isSending = resolve));
  const killed = started(() => {
    isSending();
    return new Promise(() => undefined);
  });
  const [proposed = expect.fail('nothing was proposed')] = await killed.propose(open, [proposal()]);
  const { id, digest } = proposed;
  const ballot = { recommendation: id, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
  await killed.vote(ballot, person('ada'));
  killed.wake(MODEL);
  await sending;
  await killed.setKillSwitch(true, 'it does harm', person('grace'));

  const restarted = started((...order) => webhook.execute(...order));
  for (let pass = 0; pass < 3; pass += 1) await restarted.dispatch();
  await restarted.idle();
  expect(sent.get(id) ?? 0).toBe(0);
  expect((await restarted.record(id)).recommendation.state).toBe('dispatching');

  await restarted.setKillSwitch(false, 'it was another one', person('grace'));
  await restarted.dispatch();
  await restarted.idle();
  expect(sent.get(id)).toBe(1);
  const record = await restarted.record(id);
  expect(record.recommendation.state).toBe('succeeded');
  expect(record.attempts.filter(({ kind }) => kind === 'sent')).toHaveLength(2);
  await store.close();
});
