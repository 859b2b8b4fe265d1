import { expect, it, vi } from 'vitest';
import { StoreDocumentDamaged } from '../../../exporter/src/domain/codec.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, labels, modelNamed, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const rows = (name: string, count: number): readonly Observation[] =>
  Array.from({ length: count }, (_, i) => observation({ predictionId: `${name}${i}`, atMs: 1e12 + i }));

/** A store in which the ledger's row of the prediction `damaged` cannot be read. */
class DamagedStore extends MemoryStore {
  override atomic: MemoryStore['atomic'] = (shard, epoch, work) =>
    super.atomic(shard, epoch, (increments) =>
      work({
        ...increments,
        ledger: {
          ...increments.ledger,
          take: (model, hashes, atMs) =>
            hashes.some((hash) => hash.includes('damaged'))
              ? Promise.reject(new StoreDocumentDamaged({ table: 'ledger', row: 'damaged', model }, 'damaged', 'x'))
              : increments.ledger.take(model, hashes, atMs),
        },
      }),
    );
}

/** A model with rows that are stored; the next time that something stored is counted, that fails. */
async function failingOnce() {
  const store = new DamagedStore(turn);
  const fleet = fleetOn(store, turn);
  await fleet.add(modelNamed('a'));
  await fleet.ingest(A, answers([], { observations: rows('p', 30) }));
  vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  return { store, fleet };
}

it('keeps every acknowledged row when a request is committed by itself after the model was read anew', async () => {
  const { store, fleet } = await failingOnce();
  const [first, second, damaged] = await Promise.allSettled([
    fleet.ingest(A, answers([], { observations: rows('q', 10) })),
    fleet.ingest(A, answers([], { observations: rows('r', 10) })),
    fleet.ingest(A, labels(['damaged'])),
  ]);
  expect([first.status, damaged.status]).toEqual(['fulfilled', 'rejected']);
  if (second.status === 'rejected') expect(second.reason).toMatchObject({ kind: 'unavailable' });
  const acknowledged = second.status === 'fulfilled' ? 20 : 10;
  expect(storedCounts(store, A).calls).toBe(30 + acknowledged);
  expect(fleet.monitoredModel(A).counters.calls).toBe(30 + acknowledged);
  // Sent again, it is counted.
  await fleet.ingest(A, answers([], { observations: rows('s', 10) }));
  expect(storedCounts(store, A).calls).toBe(30 + acknowledged + 10);
});

it('writes nothing of a model that is not what is stored and cannot be read anew, whoever asks', async () => {
  const { store, fleet } = await failingOnce();
  const get = store.models.get.bind(store.models);
  store.models.get = () => Promise.reject(new Error('the store is away'));
  await fleet.ingest(A, answers([], { observations: rows('q', 10) }));
  expect(storedCounts(store, A).calls).toBe(40);
  const before = store.transactions.length;
  await fleet.ingest(A, answers(['f'], { acknowledge: 'memory' })).catch(() => undefined);
  const changed = fleet.change(A, (draft) => void draft.recordChange({ atMs: 1e12, kind: 'deployment', text: 'v8' }));
  await expect(changed).rejects.toThrow('nothing has changed; send it again');
  expect(storedCounts(store, A).calls).toBe(40);
  expect(store.transactions).toHaveLength(before);
  store.models.get = get;
  await fleet.ingest(A, answers([], { observations: rows('r', 10) }));
  expect(storedCounts(store, A).calls).toBeGreaterThanOrEqual(50);
});
