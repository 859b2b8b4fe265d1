import fc from 'fast-check';
import { expect, it } from 'vitest';
import { detect } from '../../../exporter/src/detection/detect.js';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IngestBatch, IngestResult } from '../../../exporter/src/domain/ingest.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { answers, fleetOn, labels, modelNamed, storedCounts } from './fleet-on-memory.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { observation } from '../detection/rows.js';
import type { ModelDraft } from '../../../exporter/src/monitoring/model-draft.js';
import { MemoryStore } from './memory-store.js';

const AT_ONCE = (): Promise<void> => Promise.resolve();
const [A, B] = [modelId('a'), modelId('b')];

async function fleetOfTwo(store: MemoryStore): Promise<ReplayFleet> {
  const fleet = fleetOn(store, AT_ONCE);
  await fleet.add(modelNamed('a'));
  await fleet.add(modelNamed('b'));
  return fleet;
}

const countsIn = (fleet: ReplayFleet, id: typeof A) => {
  const { counters, learning } = fleet.monitoredModel(id);
  return { calls: counters.calls, labelled: learning?.profile.labels.labelled ?? 0 };
};

/** Judges all that has come: nothing more comes for a while. */
const judged = (fleet: ReplayFleet, id: typeof A): Promise<unknown> =>
  fleet.inModel(id, (monitored) => monitored.advance(2e12, false));

it('counts nothing of a batch that is refused: sent again without a batch id, it counts once', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  await fleet.ingest(A, answers(['p1', 'p2']));
  await judged(fleet, A);
  store.isDown = true;
  const batch = { ...answers(['p3']), labels: labels(['p1']).labels };
  await expect(fleet.ingest(A, batch)).rejects.toBeInstanceOf(Unavailable);
  expect(countsIn(fleet, A)).toEqual({ calls: 2, labelled: 0 });
  expect(
    fleet
      .monitoredModel(A)
      .modelState()
      .rows.map(({ label }) => label),
  ).toEqual([null, null]);
  store.isDown = false;
  expect(await fleet.ingest(A, batch)).toMatchObject({ accepted: 2, labelsMatched: 1, labelsUnmatched: 0 });
  await judged(fleet, A);
  expect(countsIn(fleet, A)).toEqual({ calls: 3, labelled: 1 });
  expect(storedCounts(store, A)).toEqual({ calls: 3, labelled: 1 });
});

it('refuses the requests of the model that cannot be written, and no others', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  store.broken.add(A);
  for (let round = 1; round <= 2; round += 1) {
    const [refused, taken] = await Promise.allSettled([
      fleet.ingest(A, answers([`a${round}`])),
      fleet.ingest(B, answers([`b${round}`])),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
    expect(taken).toMatchObject({ status: 'fulfilled', value: { accepted: 1 } });
  }
  expect(storedCounts(store, B).calls).toBe(2);
  store.broken.delete(A);
  expect(await fleet.ingest(A, answers(['a1']))).toMatchObject({ accepted: 1 });
  expect(storedCounts(store, A).calls).toBe(1);
  store.transactions.length = 0;
  await Promise.all([fleet.ingest(A, answers(['a2'])), fleet.ingest(B, answers(['b3']))]);
  expect(store.transactions).toHaveLength(1);
});

it('tells each batch how many of its own labels matched, also when it is repeated', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  await fleet.ingest(A, answers(['a1', 'a2', 'a3']));
  const own = labels(['a1', 'a2', 'unknown'], { batchId: 'own' });
  const [matched, others, unknown] = await Promise.all([
    fleet.ingest(A, own),
    fleet.ingest(A, labels(['a3'])),
    fleet.ingest(B, labels(['a1', 'b9', 'b8'])),
  ]);
  expect(matched).toMatchObject({ labelsMatched: 2, labelsUnmatched: 1, duplicate: false });
  expect(others).toMatchObject({ labelsMatched: 1, labelsUnmatched: 0 });
  expect(unknown).toMatchObject({ labelsMatched: 0, labelsUnmatched: 3 });
  expect(await fleet.ingest(A, own)).toMatchObject({ labelsMatched: 2, labelsUnmatched: 1, duplicate: true });
});

it('knows a batch of a release that kept no more than its body, however it was read', async () => {
  const fleet = await fleetOfTwo(new MemoryStore());
  await fleet.ingest(A, answers(['a1'], { batchId: 'day', bodyDigest: 'body' }));
  const again = answers(['a1'], { batchId: 'day', bodyDigest: 'body:mapped' });
  expect(await fleet.ingest(A, again)).toMatchObject({ duplicate: true });
  const first = { ...again, batchId: 'next' };
  await fleet.ingest(A, first);
  await expect(fleet.ingest(A, { ...first, bodyDigest: 'body:otherwise' })).rejects.toMatchObject({ kind: 'conflict' });
});

it('refuses another body under a batch id that was taken, wherever the first one is, and counts nothing of it', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  const first = answers(['a1'], { batchId: 'day', bodyDigest: 'one' });
  const other = answers(['a2', 'a3'], { batchId: 'day', bodyDigest: 'two' });
  const conflict = { status: 'rejected', reason: { kind: 'conflict', field: 'batch_id' } };
  // In one commit, then stored, then counted in memory only.
  const [taken, refused, repeated] = await Promise.allSettled([
    fleet.ingest(A, first),
    fleet.ingest(A, other),
    fleet.ingest(A, first),
  ]);
  expect(taken).toMatchObject({ value: { accepted: 1, duplicate: false } });
  expect(refused).toMatchObject(conflict);
  expect(repeated).toMatchObject({ value: { accepted: 1, duplicate: true } });
  expect(await fleet.ingest(A, first)).toMatchObject({ accepted: 1, duplicate: true });
  const [late, atOnce] = await Promise.allSettled([
    fleet.ingest(A, other),
    fleet.ingest(A, { ...other, acknowledge: 'memory' }),
  ]);
  expect(late).toMatchObject(conflict);
  expect(atOnce).toMatchObject(conflict);
  const fast = { ...first, batchId: 'fast', acknowledge: 'memory' as const };
  await fleet.ingest(A, fast);
  await expect(fleet.ingest(A, { ...other, batchId: 'fast' })).rejects.toMatchObject({ kind: 'conflict' });
  expect(await fleet.ingest(A, { ...fast, acknowledge: 'commit' })).toMatchObject({ duplicate: true });
  expect(storedCounts(store, A).calls).toBe(2);
});

it('starts learning over with the first logged predictions only once they are stored', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  const probe = { observation: observation({ source: 'probe' as const, atMs: 1e12 }), shape: null };
  await fleet.inModel(A, (monitored) => monitored.observe([probe, probe, probe], 1e12));
  const enough = Array.from({ length: DEFAULT_BASELINE_REQUIREMENTS.minimumSamples }, (_, i) => `p${i}`);
  store.refusedCommits = 1;
  await expect(fleet.ingest(A, answers(enough))).rejects.toBeInstanceOf(Unavailable);
  expect(fleet.monitoredModel(A).counters).toMatchObject({ basis: 'probe', calls: 3 });
  expect(fleet.monitoredModel(A).learning).toMatchObject({ profile: { calls: 3 } });
  await fleet.ingest(A, answers(enough));
  await judged(fleet, A);
  expect(fleet.monitoredModel(A).counters).toMatchObject({ basis: 'ingest', calls: 3 + enough.length });
  expect(fleet.monitoredModel(A).learning).toMatchObject({ profile: { calls: enough.length } });
  expect(store.committed.learning.get(A)).toMatchObject({ profile: { calls: enough.length } });
});

it('keeps nobody waiting who sends to a model that is being removed', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  const [sent, removed] = await Promise.allSettled([fleet.ingest(A, answers(['p1'])), fleet.remove(A)]);
  expect(removed.status).toBe('fulfilled');
  if (sent.status === 'rejected') expect(sent.reason).toMatchObject({ kind: 'not-found' });
  await expect(fleet.ingest(A, answers(['p2']))).rejects.toMatchObject({ kind: 'not-found' });
});

it('neither brings back a model that is being removed nor keeps anybody waiting who changes it', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  const late = fc.sample(fc.constantFrom(0, 1, 2, 3, 5, 8), { numRuns: 20, seed: 1 });
  for (const turns of late) {
    await fleet.add(modelNamed('a'));
    const removed = fleet.remove(A);
    for (let i = 0; i < turns; i += 1) await Promise.resolve();
    const asked = await Promise.allSettled([
      Promise.resolve().then(() => fleet.setPaused(A, true)),
      Promise.resolve().then(() => fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon())),
    ]);
    await removed;
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ kind: 'not-found' });
    expect(await store.models.get(A)).toBeNull();
    expect(fleet.has(A)).toBe(false);
  }
});

it('says of a model that it alone cannot be stored, until it can', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  store.broken.add(A);
  await expect(fleet.ingest(A, answers(['p1']))).rejects.toThrow('model "a" cannot be stored now');
  await expect(fleet.change(A, (draft) => void draft.relearn())).rejects.toThrow('model "a" cannot be stored now');
  await fleet.ingest(B, answers(['p1']));
  const { unwrittenSinceMs, blindSpots } = fleet.status(A);
  expect(unwrittenSinceMs).not.toBeNull();
  expect(blindSpots[0]?.check).toContain('rows since');
  expect(fleet.status(B)).toMatchObject({ unwrittenSinceMs: null });
  store.broken.delete(A);
  await fleet.ingest(A, answers(['p1']));
  expect(fleet.status(A)).toMatchObject({ unwrittenSinceMs: null, totalSamples: 1 });
});

it.each(['one model', 'the whole store'])(
  'takes no more into memory than came between two commits while %s cannot be written',
  async (what) => {
    const store = new MemoryStore();
    const fleet = await fleetOfTwo(store);
    if (what === 'one model') store.broken.add(A);
    else store.isDown = true;
    let taken = 0;
    for (let i = 0; i < 100; i += 1)
      await fleet.ingest(A, answers([`p${i}`], { batchId: `b${i}`, acknowledge: 'memory' })).then(
        () => (taken += 1),
        () => undefined,
      );
    expect(taken).toBeLessThan(5);
    store.broken.delete(A);
    store.isDown = false;
    await fleet.ingest(A, answers(['last'], { acknowledge: 'memory' }));
    expect(fleet.status(A)).toMatchObject({ totalSamples: taken + 1, unwrittenSinceMs: null });
  },
);

it('changes a model once its change is stored, and not at all when it cannot be', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  const change = { atMs: 1e12, kind: 'deployment', text: 'v8' } as const;
  await fleet.ingest(A, answers(['p1', 'p2'], { acknowledge: 'memory' }));
  await judged(fleet, A);
  const state = () => {
    const { learning, counters } = fleet.monitoredModel(A);
    const { rows, window } = fleet.monitoredModel(A).modelState();
    const { changes, calls } = counters;
    return { learnt: learning?.profile.calls, calls, changes, rows, window };
  };
  const before = state();
  const all = [
    (draft: ModelDraft): void => draft.relearn(),
    (draft: ModelDraft): void => draft.relearn(0),
    (draft: ModelDraft): void => draft.recordChange(change),
  ];
  // What was counted before is written first, and then the change: each may be what is refused.
  const refusals: (() => void)[] = [
    () => {
      store.isDown = true;
    },
    () => {
      store.refusedCommits = 1;
    },
  ];
  for (const refuse of refusals)
    for (const work of all) {
      refuse();
      await expect(fleet.change(A, (draft) => void work(draft))).rejects.toThrow('nothing has changed; send it again');
      expect(state()).toEqual(before);
      store.isDown = false;
    }
  for (const work of all)
    await expect(
      fleet.change(A, (draft) => {
        work(draft);
        return () => Promise.reject(new Unavailable('the log takes nothing'));
      }),
    ).rejects.toThrow();
  expect(state()).toEqual(before);

  await fleet.change(A, (draft) => void draft.recordChange(change));
  expect(state()).toEqual({ ...before, changes: [change] });
  await fleet.change(A, (draft) => void draft.relearn(0));
  expect(state()).toMatchObject({ learnt: 2, calls: 2, changes: [change] });
  expect(store.committed.learning.get(A)).toMatchObject({ profile: { calls: 2 } });
  await fleet.change(A, (draft) => void draft.relearn());
  expect(state()).toMatchObject({ learnt: 0, rows: [] });
  expect(store.committed.learning.get(A)).toMatchObject({ profile: { calls: 0 } });
});

it('removes the model it was asked to remove, not one that has its name by then', async () => {
  const fleet = await fleetOfTwo(new MemoryStore());
  const [first, second, added] = await Promise.allSettled([
    fleet.remove(A),
    fleet.remove(A),
    fleet.addIfNew(modelNamed('a')),
  ]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: { kind: 'not-found' } });
  if (added.status === 'fulfilled' && added.value) expect(fleet.has(A)).toBe(true);
});

it('takes nothing into memory for a model that is removed meanwhile', async () => {
  const fleet = await fleetOfTwo(new MemoryStore());
  const removed = fleet.remove(A);
  const sent = await Promise.allSettled([fleet.ingest(A, answers(['p1'], { acknowledge: 'memory' }))]);
  await removed;
  const again = fleet.ingest(A, answers(['p2'], { acknowledge: 'memory' }));
  await expect(again).rejects.toMatchObject({ kind: 'not-found' });
  if (sent[0].status === 'rejected') expect(sent[0].reason).toMatchObject({ kind: 'not-found' });
});

it('goes on monitoring probes and the fast lane while the store is down, and stores them afterwards', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  store.isDown = true;
  const fast = { ...answers(['p1']), acknowledge: 'memory' as const };
  expect(await fleet.ingest(A, fast)).toMatchObject({ accepted: 1 });
  await fleet.ingest(A, { ...labels(['p1']), acknowledge: 'memory' });
  await expect(fleet.inModel(A, () => undefined)).rejects.toBeInstanceOf(Unavailable);
  expect(countsIn(fleet, A).calls).toBe(1);
  store.isDown = false;
  await fleet.inModel(A, () => undefined);
  expect(storedCounts(store, A)).toEqual({ calls: 1, labelled: 1 });
});

/** What senders do, each on its own: they send again what was refused. */
interface Sender {
  readonly model: typeof A;
  readonly prediction: string;
  /** Sent twice at the same time, under one batch id. */
  readonly isDoubled: boolean;
  readonly isFast: boolean;
}

const SENDERS: fc.Arbitrary<Sender[]> = fc
  .array(fc.record({ model: fc.constantFrom(A, B), isDoubled: fc.boolean(), isFast: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((senders) => senders.map((sender, i) => ({ ...sender, prediction: `p${i}` })));

async function sentUntilTaken(fleet: ReplayFleet, model: typeof A, batch: IngestBatch): Promise<IngestResult> {
  for (;;) {
    const result = await fleet.ingest(model, batch).catch((error: unknown) => {
      if (error instanceof Unavailable) return null;
      throw error;
    });
    if (result !== null) return result;
  }
}

it('counts every acknowledged prediction and label once, however sends, commits and refusals interleave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), SENDERS, fc.integer({ min: 0, max: 4 }), async (scheduler, senders, refusals) => {
      const turn = (): Promise<void> => scheduler.schedule(Promise.resolve());
      const store = new MemoryStore(turn);
      const fleet = fleetOn(store, turn);
      const all = (async () => {
        await fleet.add(modelNamed('a'));
        await fleet.add(modelNamed('b'));
        store.refusedCommits = refusals;
        const results = await Promise.all(
          senders.map(async ({ model, prediction, isDoubled, isFast }) => {
            const acknowledge = isFast ? 'memory' : 'commit';
            const batch = answers([prediction], { batchId: isDoubled ? prediction : null, acknowledge });
            await Promise.all(
              isDoubled
                ? [sentUntilTaken(fleet, model, batch), sentUntilTaken(fleet, model, batch)]
                : [sentUntilTaken(fleet, model, batch)],
            );
            const late = labels([prediction], { batchId: `label of ${prediction}` });
            const twice = await Promise.all([sentUntilTaken(fleet, model, late), sentUntilTaken(fleet, model, late)]);
            await fleet.inModel(model, (monitored) => monitored.advance(1e12, false)).catch(() => undefined);
            return twice.map(({ labelsMatched }) => labelsMatched);
          }),
        );
        await fleet.stop();
        return results;
      })();
      await scheduler.waitFor(all);
      expect(await all).toEqual(senders.map(() => [1, 1]));
      for (const id of [A, B]) {
        const expected = senders.filter(({ model }) => model === id).length;
        await Promise.all([judged(fleet, id), scheduler.waitIdle()]);
        expect(countsIn(fleet, id)).toEqual({ calls: expected, labelled: expected });
        if (expected > 0) expect(storedCounts(store, id)).toEqual({ calls: expected, labelled: expected });
      }
    }),
    { numRuns: 300 },
  );
});

it.each(['commit', 'memory'] as const)(
  'is no silence when old rows come last, acknowledged from %s, nor after a restart',
  async (acknowledge) => {
    const store = new MemoryStore();
    const fleet = await fleetOfTwo(store);
    const hoursAgo = (hours: number): IngestBatch => ({
      ...answers([]),
      observations: [observation({ predictionId: `h${hours}`, atMs: 1e12 - hours * 3_600_000 })],
      acknowledge,
    });
    const silence = (running: ReplayFleet): readonly string[] => {
      const state = running.monitoredModel(A).modelState();
      return detect(state, DEFAULT_THRESHOLDS, 1e12 + 60_000).findings.map(({ detector }) => detector);
    };
    await fleet.ingest(A, hoursAgo(0));
    await fleet.ingest(A, hoursAgo(2));
    expect(silence(fleet)).not.toContain('no-predictions');
    expect(fleet.monitoredModel(A).counters.lastPredictionAtMs).toBe(1e12);
    // A backfill of a model that has no newer rows.
    await fleet.ingest(B, hoursAgo(370));
    const { lastHeardAtMs } = fleet.monitoredModel(B).modelState();
    expect(lastHeardAtMs).toBeGreaterThan(1e12);
    await fleet.ingest(A, { ...hoursAgo(3), acknowledge: 'commit' });
    const restarted = await fleetOfTwo(store);
    expect(restarted.monitoredModel(A).counters).toMatchObject({ calls: 3, lastPredictionAtMs: 1e12 });
    expect(silence(restarted)).not.toContain('no-predictions');
  },
);

/** A store that has something else happen inside its next transaction. */
class InterruptedStore extends MemoryStore {
  meanwhile: (() => Promise<unknown>) | null = null;

  override atomic: MemoryStore['atomic'] = (shard, epoch, work) =>
    super.atomic(shard, epoch, async (increments) => {
      const { meanwhile } = this;
      this.meanwhile = null;
      await meanwhile?.();
      return work(increments);
    });
}

it('refuses those that wait for a commit as soon as it is known that the store is away, and whoever comes then at once', async () => {
  const store = new InterruptedStore();
  const fleet = await fleetOfTwo(store);
  const turns: (() => void)[] = [];
  store.writing = () => new Promise<void>((resolve) => void turns.push(resolve));
  const underWay = fleet.ingest(A, answers(['a1']));
  while (turns.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const waits = fleet.ingest(A, answers(['a2']));
  store.away = 'the database does not answer';
  const refused = 'nothing was counted; send it again (the database does not answer)';
  await expect(waits).rejects.toThrow(refused);
  await expect(fleet.ingest(A, answers(['a3'], { batchId: 'b', acknowledge: 'memory' }))).rejects.toThrow(refused);
  await expect(fleet.ingest(B, answers(['b1']))).rejects.toThrow(refused);
  store.away = null;
  store.writing = () => Promise.resolve();
  turns[0]?.();
  expect(await underWay).toMatchObject({ accepted: 1 });
  expect(await fleet.ingest(A, answers(['a2']))).toMatchObject({ accepted: 1 });
  expect(storedCounts(store, A)).toMatchObject({ calls: 2 });
});

it('fails, and goes on afterwards, when a lane that a commit holds is asked for inside it', async () => {
  // Turns of the scheduler's: what hangs is to end by the time limit.
  const store = new InterruptedStore(() => new Promise((resolve) => setImmediate(resolve)));
  const fleet = await fleetOfTwo(store);
  store.meanwhile = () => fleet.setPaused(A, true);
  await expect(fleet.ingest(A, answers(['a1']))).rejects.toBeInstanceOf(Unavailable);
  expect(await fleet.ingest(A, answers(['a1']))).toMatchObject({ accepted: 1 });
  expect(await fleet.ingest(B, answers(['b1']))).toMatchObject({ accepted: 1 });
});

it('says of a stop whose last commit fails what is stored, and not what a sender is answered', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfTwo(store);
  await fleet.ingest(A, { ...answers(['a1']), acknowledge: 'memory' });
  store.isDown = true;
  const stopped = await fleet.stop().catch((error: unknown) => String(error));
  expect(stopped).toContain('what was acknowledged as committed is stored');
  expect(stopped).not.toContain('send it again');
});
