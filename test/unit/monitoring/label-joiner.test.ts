import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation, Prediction } from '../../../exporter/src/domain/observation.js';
import type { LedgerEntry, LedgerRepository } from '../../../exporter/src/domain/ports.js';
import { LabelJoiner } from '../../../exporter/src/monitoring/label-joiner.js';

/** The ledger's contract on a map; the real ones run in test/integration/store.test.ts. */
function ledger(): LedgerRepository & { readonly rows: Map<string, LedgerEntry> } {
  const rows = new Map<string, LedgerEntry>();
  return {
    rows,
    saveAll: (entries) => {
      for (const entry of entries) rows.set(entry.predictionIdHash, entry);
      return Promise.resolve();
    },
    take: (_, hashes) => {
      const found = hashes.flatMap((hash) => rows.get(hash) ?? []);
      for (const hash of hashes) rows.delete(hash);
      return Promise.resolve(found);
    },
    prune: () => Promise.resolve(0),
  };
}

const answer = (id: string | null, prediction: Prediction, over: Partial<Observation> = {}): Observation => ({
  atMs: 7,
  source: 'ingest',
  predictionId: id,
  goldenId: null,
  features: null,
  prediction,
  confidence: null,
  latencySeconds: null,
  failure: null,
  label: null,
  modelVersion: null,
  ...over,
});
const join = (): LabelJoiner => new LabelJoiner(modelId('m'), (text) => `#${text}`);

it('judges an answer that brings its label at once', () => {
  expect(join().answered(answer(null, 'yes', { label: ' yes ', confidence: 0.83 }))).toEqual({
    label: { kind: 'class', correct: true, confidenceTenth: 8 },
    atMs: 7,
  });
  expect(join().answered(answer(null, 12.5, { label: 10 }))?.label).toEqual({
    kind: 'quantity',
    prediction: 12.5,
    absoluteError: 2.5,
  });
  expect(join().answered(answer(null, 1, { label: 0, confidence: 0.6 }))?.label.kind).toBe('class');
});

it('joins labels that come later, each once', async () => {
  const labels = join();
  const store = ledger();
  labels.answered(answer('a', 'yes', { confidence: 0.9 }));
  labels.answered(answer('b', 42));
  labels.add([
    { atMs: 9, predictionId: 'a', label: 'no' },
    { atMs: 9, predictionId: 'b', label: 40 },
    { atMs: 9, predictionId: 'b', label: 40 },
    { atMs: 9, predictionId: 'never-answered', label: 'no' },
  ]);
  expect((await labels.join(store, labels.takeLedger())).map(({ label }) => label)).toEqual([
    { kind: 'class', correct: false, confidenceTenth: 9 },
    { kind: 'quantity', prediction: 42, absoluteError: 2 },
  ]);
  expect(await labels.join(store, labels.takeLedger())).toEqual([]);
});

it('writes no quantity, so that after a restart its label finds nothing', async () => {
  const store = ledger();
  const before = join();
  before.answered(answer('b', 123456.789));
  await before.join(store, before.takeLedger());
  expect(JSON.stringify([...store.rows.values()])).not.toContain('"123456');
  const after = join();
  after.add([{ atMs: 9, predictionId: 'b', label: 1 }]);
  expect(await after.join(store, [])).toEqual([]);
});
