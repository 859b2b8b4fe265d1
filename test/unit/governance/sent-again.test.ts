import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../exporter/src/domain/ports.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { approvedAction, deciding, hangingExecutor } from '../../fixtures/approved-action.js';
import { person, policyOf } from '../../integration/governance/harness.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();
const grace = person('grace');
const NOT_RECEIVED = { kind: 'not-received', detail: 'nothing there' } as const;
let models = 0;

/** An approved action that was being sent when its process died, and the start of the next process. */
async function killedWhileSending(repetition: Executor['repetition']) {
  const { on, sent } = deciding();
  const { webhook, sending } = hangingExecutor();
  const killed = on(file.store, { ...webhook, repetition });
  const { open, recommendation } = await approvedAction(file.store, killed, { modelId: modelId(`m${(models += 1)}`) });
  killed.wake(open.modelId);
  await sending;
  return {
    open,
    id: recommendation.id,
    timesSent: () => sent.get(recommendation.id) ?? 0,
    started: (differently: Partial<Executor> = {}, ports: Parameters<typeof on>[2] = {}) =>
      on(file.store, { repetition, ...differently }, ports),
  };
}

const settled = async (governance: Governance): Promise<void> => {
  await governance.dispatch();
  await governance.idle();
};

describe('what was being sent when mlfi was killed and the kill switch then held', () => {
  type Held = Awaited<ReturnType<typeof killedWhileSending>>;
  const CHANGES: Record<string, (held: Held) => Promise<void>> = {
    'its incident was closed': ({ open }) => file.store.incidents.save({ ...open, closedAtMs: 2_000 }),
    'its model was removed': ({ open }) => file.store.models.remove(open.modelId),
    'another version went into service': async ({ open }) => {
      const model = (await file.store.models.get(open.modelId)) ?? expect.fail('no model');
      await file.store.models.save({ ...model, versionLabel: 'another' });
    },
  };
  /** @returns what is recorded of it, the switch having been on while `change` happened */
  async function afterSwitch(held: Held, change: (held: Held) => Promise<void>, differently: Partial<Executor> = {}) {
    const governance = held.started(differently);
    await governance.setKillSwitch(true, 'it does harm', grace);
    await settled(governance);
    await change(held);
    await governance.setKillSwitch(false, 'it was another one', grace);
    await settled(governance);
    return governance;
  }

  for (const [why, change] of Object.entries(CHANGES))
    it(`is not sent again where ${why} meanwhile: what happened to it stays unknown`, async () => {
      const held = await killedWhileSending('idempotent');
      const { attempts } = await (await afterSwitch(held, change)).record(held.id);
      expect(held.timesSent()).toBe(0);
      expect(attempts).toEqual([
        expect.objectContaining({ kind: 'sent' }),
        expect.objectContaining({ outcome: 'unknown' }),
      ]);
    });

  it('has failed where nothing arrived, and nothing more is proposed for an incident that is closed', async () => {
    const held = await killedWhileSending('lookup');
    const close: (typeof CHANGES)[string] = ({ open }) => file.store.incidents.save({ ...open, closedAtMs: 2_000 });
    const governance = await afterSwitch(held, close, { lookup: () => Promise.resolve(NOT_RECEIVED) });
    expect(held.timesSent()).toBe(0);
    expect((await governance.record(held.id)).recommendation.state).toBe('failed');
    expect(await governance.records({ incident: held.open.id, pendingOnly: true, limit: 10 })).toEqual([]);
  });
});

it('sends nothing again during a freeze', async () => {
  const { started, timesSent } = await killedWhileSending('idempotent');
  const freezes = [{ name: 'the holidays', kind: 'once' as const, fromMs: 0, untilMs: 1e9 }];
  await settled(started({}, { policy: () => policyOf(1, { freezes }) }));
  expect(timesSent()).toBe(0);
  await settled(started());
  expect(timesSent()).toBe(1);
});

it('sends nothing again whose kill switch was pulled while its executor was asked', async () => {
  const { started, id, timesSent } = await killedWhileSending('lookup');
  const governance: Governance = started({
    lookup: async () => {
      await governance.setKillSwitch(true, 'stop it', grace);
      return NOT_RECEIVED;
    },
  });
  await settled(governance);
  expect((await governance.killSwitch()).on).toBe(true);
  expect(timesSent()).toBe(0);

  await governance.setKillSwitch(false, 'it was another one', grace);
  const again = started({ lookup: () => Promise.resolve(NOT_RECEIVED) });
  await settled(again);
  expect(timesSent()).toBe(1);
  const { attempts } = await again.record(id);
  expect(attempts.filter(({ kind }) => kind === 'sent')).toHaveLength(2);
});

it('sends nothing again of which a person reports, while its executor is asked, that it was done', async () => {
  const { started, id, timesSent } = await killedWhileSending('lookup');
  const governance: Governance = started({
    lookup: async () => {
      await governance.report(id, 'succeeded', 'done by hand', grace);
      return NOT_RECEIVED;
    },
  });
  await settled(governance);
  expect(timesSent()).toBe(0);
  expect((await governance.record(id)).recommendation.state).toBe('succeeded');
});

it('settles what can neither be repeated nor asked for while the kill switch is on: nothing is sent for it', async () => {
  const { started, id, timesSent } = await killedWhileSending('none');
  const governance = started();
  await governance.setKillSwitch(true, 'it does harm', grace);
  await settled(governance);
  await governance.setKillSwitch(false, 'it was another one', grace);
  expect(timesSent()).toBe(0);
  expect((await governance.record(id)).recommendation.state).toBe('unknown');
});
