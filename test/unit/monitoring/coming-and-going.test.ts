import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { isAppError } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { besideLanes } from '../../../exporter/src/incidents/model-lane.js';
import { incidentsInMemory } from '../incidents/fixtures.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => vi.restoreAllMocks());

/** Two models whose incidents are real ones. */
async function twoModels(): Promise<ReplayFleet> {
  const fleet = fleetOn(new MemoryStore(), turn, { incidents: incidentsInMemory(new Map()) });
  await fleet.add(modelNamed('a'));
  await fleet.add(modelNamed('b'));
  return fleet;
}

const failNextCount = (): void =>
  void vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('counting failed');
  });

let sent = 0;
const send = (fleet: ReplayFleet, id = A): Promise<unknown> => fleet.ingest(id, answers([`p${(sent += 1)}`]));
const lend = async (fleet: ReplayFleet): Promise<void> => void (await fleet.lend(A, () => null));

/** What may be asked of a fleet about one model, at any time. */
const ASKED = {
  send: (fleet) => send(fleet),
  fail: (fleet) => {
    failNextCount();
    return send(fleet);
  },
  add: (fleet) => fleet.add(modelNamed('a')),
  addIfNew: (fleet) => fleet.addIfNew(modelNamed('a')),
  remove: (fleet) => fleet.remove(A),
  release: (fleet) => fleet.release(A),
  lend,
  takeBack: (fleet) => fleet.takeBack(A),
} satisfies Record<string, (fleet: ReplayFleet) => Promise<unknown>>;
const NAMES = ['send', 'fail', 'add', 'addIfNew', 'remove', 'release', 'lend', 'takeBack'] as const;

it('ends all that is asked of a model that comes and goes, and serves the others, in whatever order it is asked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name: fc.constantFrom(...NAMES), turnsLater: fc.nat({ max: 12 }) }), { maxLength: 8 }),
      async (asked) => {
        vi.restoreAllMocks();
        const fleet = await twoModels();
        await send(fleet);
        await Promise.all(
          asked.map(async ({ name, turnsLater }) => {
            for (let i = 0; i < turnsLater; i += 1) await turn();
            // Refused in words, if at all.
            await ASKED[name](fleet).catch((error: unknown) => {
              expect(isAppError(error)).toBe(true);
            });
          }),
        );
        await send(fleet, modelId('b'));
        if (fleet.isLent(A)) expect(() => fleet.monitoredModel(A)).toThrow('imported');
        await fleet.stop();
      },
    ),
    { numRuns: 200 },
  );
});

it.each([
  ['release', (fleet: ReplayFleet) => fleet.release(A)],
  ['lend', lend],
] as const)('%ss a model whose last counts fail, which is read anew on the way', async (_, left) => {
  const fleet = await twoModels();
  await fleet.ingest(A, { ...answers(['p']), acknowledge: 'memory' });
  failNextCount();
  await left(fleet);
  expect(() => fleet.monitoredModel(A)).toThrow();
  await send(fleet, modelId('b'));
  await fleet.stop();
});

it('takes up no model that was lent while it waited to be added', async () => {
  const fleet = await twoModels();
  let added = Promise.resolve(false);
  await fleet.lend(A, () => {
    // Asked for the second time in the model's lane: what is asked now waits for it.
    added = besideLanes(() => fleet.addIfNew(modelNamed('a')));
    return null;
  });
  await expect(added).rejects.toThrow('imported');
  expect(() => fleet.monitoredModel(A)).toThrow('imported');
});
