import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

const folder = mkdtempSync(join(tmpdir(), 'mlfi-sent-again-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { executors, sent } = countingExecutor();
const { webhook } = executors;
type Repetition = typeof webhook.repetition;

/** An approved action that was being sent when its process died, and the start of the next process. */
async function killedWhileSending(name: string, repetition: Repetition) {
  const store = await openStore({ kind: 'sqlite', file: join(folder, `${name}.sqlite`) });
  const started = (differently: Partial<typeof webhook>): Governance =>
    governanceOn(store, {
      clock: movableClock(1_000),
      ids: randomIds,
      policy: () => policyOf(1),
      soleWriter: true,
      executors: { ...executors, webhook: { ...webhook, repetition, ...differently } },
    });
  const model = modelInService();
  await store.models.save(model);
  const open = { ...incident('open'), modelId: model.id };
  await store.incidents.save(open);
  let isSending = (): void => undefined;
  const sending = new Promise<void>((resolve) => (isSending = resolve));
  const killed = started({
    execute: () => {
      isSending();
      return new Promise(() => undefined);
    },
  });
  const [proposed = expect.fail('nothing was proposed')] = await killed.propose(open, [proposal()]);
  const { id, digest } = proposed;
  const ballot = { recommendation: id, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
  await killed.vote(ballot, person('ada'));
  killed.wake(model.id);
  await sending;
  return { store, started, model, open, id };
}

const settled = async (governance: Governance): Promise<void> => {
  await governance.dispatch();
  await governance.idle();
};

describe('what was being sent when mlfi was killed and the kill switch then held', () => {
  const CHANGES = {
    'its incident was closed': async ({ store, open }) => {
      await store.incidents.save({ ...open, closedAtMs: 2_000 });
    },
    'its model was removed': async ({ store, open, model }) => {
      await store.incidents.save({ ...open, closedAtMs: 2_000 });
      await store.models.remove(model.id);
    },
    'another version went into service': async ({ store, model }) => {
      await store.models.save({ ...model, versionLabel: 'another' });
    },
  } satisfies Record<string, (held: Awaited<ReturnType<typeof killedWhileSending>>) => Promise<void>>;

  for (const [why, change] of Object.entries(CHANGES))
    it(`is not sent again where ${why} meanwhile: what happened to it stays unknown`, async () => {
      const held = await killedWhileSending(why, 'idempotent');
      const { store, started, id } = held;
      const governance = started({});
      await governance.setKillSwitch(true, 'it does harm', person('grace'));
      await settled(governance);
      await change(held);
      await governance.setKillSwitch(false, 'it was another one', person('grace'));
      await settled(governance);
      expect(sent.get(id) ?? 0).toBe(0);
      expect((await governance.record(id)).attempts).toEqual([
        expect.objectContaining({ kind: 'sent' }),
        expect.objectContaining({ outcome: 'unknown' }),
      ]);
      await store.close();
    });
});

it('sends nothing again whose kill switch was pulled while its executor was asked', async () => {
  const { store, started, id } = await killedWhileSending('lookup', 'lookup');
  const governance: Governance = started({
    lookup: async () => {
      await governance.setKillSwitch(true, 'stop it', person('grace'));
      return { kind: 'not-received', detail: 'nothing there' };
    },
  });
  await settled(governance);
  expect((await governance.killSwitch()).on).toBe(true);
  expect(sent.get(id) ?? 0).toBe(0);

  await governance.setKillSwitch(false, 'it was another one', person('grace'));
  const again = started({ lookup: () => Promise.resolve({ kind: 'not-received', detail: 'nothing there' }) });
  await settled(again);
  expect(sent.get(id)).toBe(1);
  const { attempts } = await again.record(id);
  expect(attempts.filter(({ kind }) => kind === 'sent')).toHaveLength(2);
  await store.close();
});

it('sends nothing again of which a person reports, while its executor is asked, that it was done', async () => {
  const { store, started, id } = await killedWhileSending('reported', 'lookup');
  const governance: Governance = started({
    lookup: async () => {
      await governance.report(id, 'succeeded', 'done by hand', person('grace'));
      return { kind: 'not-received', detail: 'nothing there' };
    },
  });
  await settled(governance);
  expect(sent.get(id) ?? 0).toBe(0);
  expect((await governance.record(id)).recommendation.state).toBe('succeeded');
  await store.close();
});

it('settles what can neither be repeated nor asked for while the kill switch is on: nothing is sent for it', async () => {
  const { store, started, id } = await killedWhileSending('none', 'none');
  const governance = started({});
  await governance.setKillSwitch(true, 'it does harm', person('grace'));
  await settled(governance);
  expect(sent.get(id) ?? 0).toBe(0);
  expect((await governance.record(id)).recommendation.state).not.toBe('dispatching');
  await store.close();
});
