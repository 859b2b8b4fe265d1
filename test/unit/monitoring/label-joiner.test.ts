import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { LateLabel, Observation, Prediction } from '../../../exporter/src/domain/observation.js';
import type { LabelOutcome } from '../../../exporter/src/statistics/label-tally.js';
import type { LedgerRepository } from '../../../exporter/src/domain/ledger.js';
import { matchedOnArrival, LabelJoiner } from '../../../exporter/src/monitoring/label-joiner.js';
import { memoryLedger } from './memory-ledger.js';

const NOW_MS = 1_767_571_200_000;
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
const joinerOf = (): LabelJoiner => new LabelJoiner(modelId('m'), (text) => `#${text}`);

/** What a commit does: everything kept and staged is joined, and settled unless the transaction rolls back. */
async function commit(
  joiner: LabelJoiner,
  store: LedgerRepository,
  labels: readonly LateLabel[] = [],
): Promise<(LabelOutcome | null)[]> {
  const join = await joiner.join(store, [], joiner.waiting(labels), NOW_MS);
  joiner.settle(join);
  return join.judged.map((judged) => judged?.label ?? null);
}
const keep = (joiner: LabelJoiner, observation: Observation): void => {
  const awaiting = joiner.awaiting(observation, observation.atMs);
  if (awaiting !== null) joiner.keepAnswer(awaiting);
};

it('judges an answer that brings its label at once', () => {
  expect(matchedOnArrival(answer(null, 'yes', { label: ' yes ', confidence: 0.83 }))).toEqual({
    label: { kind: 'class', correct: true, confidenceTenth: 8 },
    atMs: 7,
    predictedAtMs: 7,
    answeredAtMs: null,
  });
  expect(matchedOnArrival(answer(null, 12.5, { label: 10 }))?.label).toEqual({
    kind: 'quantity',
    prediction: 12.5,
    absoluteError: 2.5,
  });
  expect(matchedOnArrival(answer(null, 1, { label: 0, confidence: 0.6 }))?.label.kind).toBe('class');
  expect(joinerOf().awaiting(answer('a', 'yes', { label: 'yes' }), 7)).toBeNull();
});

it('joins labels that come later, each once', async () => {
  const joiner = joinerOf();
  const store = memoryLedger();
  keep(joiner, answer('a', 'yes', { confidence: 0.9 }));
  keep(joiner, answer('b', 42));
  joiner.keepLabels([
    { atMs: 9, predictionId: 'a', label: 'no' },
    { atMs: 9, predictionId: 'b', label: 40 },
  ]);
  const late: LateLabel[] = [
    { atMs: 9, predictionId: 'b', label: 40 },
    { atMs: 9, predictionId: 'never-answered', label: 'no' },
  ];
  expect(await commit(joiner, store, late)).toEqual([
    { kind: 'class', correct: false, confidenceTenth: 9 },
    { kind: 'quantity', prediction: 42, absoluteError: 2 },
    null,
    null,
  ]);
  expect(await commit(joiner, store)).toEqual([]);
});

it('joins again what a transaction joined that rolled back, a quantity of the same commit included', async () => {
  const joiner = joinerOf();
  const store = memoryLedger();
  keep(joiner, answer('kept', 'yes'));
  joiner.keepLabels([{ atMs: 9, predictionId: 'kept', label: 'yes' }]);
  const staged = joiner.awaiting(answer('staged', 42), 7);
  const answers = staged === null ? [] : [staged];
  const labels = joiner.waiting([{ atMs: 9, predictionId: 'staged', label: 40 }]);
  const before = new Map(store.rows);
  const once = await joiner.join(store, answers, labels, NOW_MS);
  store.rows.clear();
  for (const [hash, entry] of before) store.rows.set(hash, entry);
  const twice = await joiner.join(store, answers, labels, NOW_MS);
  expect(twice).toEqual(once);
  expect(twice.judged.map((judged) => judged?.label.kind)).toEqual(['class', 'quantity']);
  joiner.settle(twice);
  expect(await commit(joiner, store, [{ atMs: 9, predictionId: 'staged', label: 40 }])).toEqual([null]);
});

it('writes the cell of a quantity and not the quantity, so that its label is judged after a restart too', async () => {
  const store = memoryLedger();
  const before = joinerOf();
  keep(before, answer('b', 123456.789));
  keep(before, answer('c', 140_000));
  await commit(before, store);
  for (const { quantity } of store.rows.values()) expect(JSON.stringify(quantity)).not.toContain('123456');
  const labels = [
    { atMs: 9, predictionId: 'b', label: 123_000 },
    { atMs: 9, predictionId: 'c', label: 150_000 },
  ];
  const judged = await commit(joinerOf(), store, labels);
  for (const [i, error] of [456.8, 10_000].entries()) {
    const label = judged[i];
    expect(label?.kind).toBe('quantity');
    if (label?.kind === 'quantity') expect(Math.abs(label.absoluteError - error)).toBeLessThan(0.02 * error);
  }
});

it.each<readonly [Prediction, LateLabel['label'], number | null, LabelOutcome['kind'], boolean | number]>([
  ['1', 1, 0.9, 'class', true],
  [true, ' Yes', 0.9, 'class', true],
  [1, true, null, 'class', true],
  ['yes', false, null, 'class', false],
  [12.5, '10', null, 'quantity', 2.5],
  ['1', 1, null, 'class', true],
  ['1.0', 0, null, 'class', false],
  [true, 1, null, 'class', true],
  ['yes', 0, null, 'class', false],
])('joins %s with the label %s by meaning, at once and late', async (prediction, label, confidence, kind, verdict) => {
  const joiner = joinerOf();
  const store = memoryLedger();
  const late = answer('p', prediction, { confidence });
  const awaiting = joiner.awaiting(late, 7);
  expect(awaiting).not.toBeNull();
  if (awaiting === null) return;
  const join = await joiner.join(store, [awaiting], joiner.waiting([{ atMs: 9, predictionId: 'p', label }]), NOW_MS);
  for (const judged of [join.judged[0], matchedOnArrival({ ...late, label })]) {
    expect(judged?.label.kind).toBe(kind);
    expect(judged?.label.kind === 'quantity' ? judged.label.absoluteError : judged?.label.correct).toBe(verdict);
  }
});

/** Commits one answer. @returns what the labels say that waited for it */
async function comes(joiner: LabelJoiner, store: LedgerRepository, observation: Observation, nowMs = NOW_MS) {
  const awaiting = joiner.awaiting(observation, nowMs);
  const join = await joiner.join(store, awaiting === null ? [] : [awaiting], [], nowMs);
  joiner.settle(join);
  return join.early.map(({ label }) => label);
}

it.each<readonly [string, Prediction, LateLabel['label'], number | null, LabelOutcome['kind'], boolean | number]>([
  ['a class', 'yes', 'no', 0.9, 'class', false],
  ['a class by meaning', true, ' Yes', 0.9, 'class', true],
  ['a quantity', 123_456, 124_321, null, 'quantity', 865],
])(
  'joins a label of %s that came first with its answer, once, also after a restart',
  async (_, prediction, label, confidence, kind, verdict) => {
    for (const isRestarted of [false, true]) {
      const store = memoryLedger();
      const first = joinerOf();
      // Doubled by its sender, in one commit and in the next.
      const late = { atMs: 9, predictionId: 'p', label };
      expect(await commit(first, store, [late, late])).toEqual([null, null]);
      expect(await commit(first, store, [late])).toEqual([null]);
      expect(store.labels.size).toBe(1);
      expect(JSON.stringify([...store.labels.values()].map(({ quantity }) => quantity))).not.toContain('124321');
      const joiner = isRestarted ? joinerOf() : first;
      const [judged, ...more] = await comes(joiner, store, answer('p', prediction, { confidence }));
      expect(more).toEqual([]);
      expect(judged?.kind).toBe(kind);
      if (judged?.kind === 'quantity')
        expect(Math.abs(judged.absoluteError - Number(verdict))).toBeLessThan(isRestarted ? 1_300 : 1e-9);
      else expect(judged?.correct).toBe(verdict);
      expect(store.rows.size + store.labels.size).toBe(0);
      expect(await commit(joiner, store, [late])).toEqual([null]);
      expect(store.labels.size).toBe(0);
    }
  },
);

it('lets no label wait whose answer has its label already, also after a restart and however many came since', async () => {
  const store = memoryLedger();
  const joiner = joinerOf();
  const many = Array.from({ length: 12_000 }, (_, i) => ({ atMs: 9, predictionId: `n${i}`, label: 'yes' }));
  for (const { predictionId } of many) keep(joiner, answer(predictionId, 'yes', { confidence: 0.9 }));
  expect((await commit(joiner, store, many)).every((label) => label?.kind === 'class')).toBe(true);
  for (const again of [joiner, joinerOf()]) {
    const join = await again.join(store, [], again.waiting(many), NOW_MS);
    expect([join.judged.filter((each) => each !== null), join.waiting.begun]).toEqual([[], []]);
    again.settle(join);
    expect([store.labels.size, again.expiredLabels]).toEqual([0, 0]);
  }
});

it('joins again what waited when the transaction rolls back', async () => {
  const store = memoryLedger();
  const joiner = joinerOf();
  await commit(joiner, store, [{ atMs: 9, predictionId: 'p', label: 'yes' }]);
  const awaiting = joiner.awaiting(answer('p', 'yes', { confidence: 0.9 }), NOW_MS);
  const waiting = new Map(store.labels);
  const once = await joiner.join(store, awaiting === null ? [] : [awaiting], [], NOW_MS);
  store.rows.clear();
  for (const [hash, label] of waiting) store.labels.set(hash, label);
  expect(await joiner.join(store, awaiting === null ? [] : [awaiting], [], NOW_MS)).toEqual(once);
  expect(once.early).toHaveLength(1);
});

it('gives up labels that waited a day, and says how many; and takes no more than there is room for', async () => {
  const store = memoryLedger();
  const joiner = joinerOf();
  await commit(joiner, store, [{ atMs: 9, predictionId: 'never', label: 'yes' }]);
  expect(joiner.expiredLabels).toBe(0);
  const aDayLaterMs = NOW_MS + 86_400_001;
  expect(await comes(joiner, store, answer('other', 'yes', { confidence: 0.9 }), aDayLaterMs)).toEqual([]);
  expect(joiner.expiredLabels).toBe(1);
  expect(store.labels.size).toBe(0);
  const many = Array.from({ length: 60_000 }, (_, i) => ({ atMs: 9, predictionId: `n${i}`, label: 'yes' }));
  const join = await joiner.join(store, [], joiner.waiting(many), aDayLaterMs);
  joiner.settle(join);
  expect(join.waiting.begun).toHaveLength(50_000);
  // What finds no room is lost, and told with what waited in vain.
  expect(joiner.expiredLabels).toBe(10_001);
  expect(await commit(joiner, store, [{ atMs: 9, predictionId: 'one more', label: 'yes' }])).toEqual([null]);
  expect(store.labels.size).toBe(50_000);
});

it('takes no room for labels that are sent again, and keeps what was sent last', async () => {
  const store = memoryLedger();
  const joiner = joinerOf();
  const sent = (from: number, count: number, label = 'yes'): LateLabel[] =>
    Array.from({ length: count }, (_, i) => ({ atMs: 9, predictionId: `n${from + i}`, label }));
  for (let time = 0; time < 50; time += 1) await commit(joiner, store, [...sent(0, 1_000), ...sent(0, 10)]);
  expect(store.labels.size).toBe(1_000);
  await commit(joiner, store, sent(1_000, 48_999));
  expect(store.labels.size).toBe(49_999);
  // One more has room, behind ever so many that wait already; the next has none.
  await commit(joiner, store, [...sent(0, 1_000, 'no'), ...sent(49_999, 2)]);
  expect(store.labels.size).toBe(50_000);
  expect(store.labels.has('#id:n49999')).toBe(true);
  expect(store.labels.get('#id:n999')?.labelHash).toBe('#number:0');
  await commit(joiner, store, sent(49_999, 1, 'no'));
  expect(store.labels.get('#id:n49999')?.labelHash).toBe('#number:0');
  // Another process counts anew, and finds the same.
  const restarted = joinerOf();
  await commit(restarted, store, sent(0, 1_000));
  expect(await comes(restarted, store, answer('n7', 'yes', { confidence: 0.9 }), NOW_MS)).toHaveLength(1);
  await commit(restarted, store, sent(60_000, 2));
  expect(store.labels.size).toBe(50_000);
});
