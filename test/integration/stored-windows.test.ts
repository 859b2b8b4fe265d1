import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { modelUseCases } from '../../exporter/src/application/models.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import type { IncrementTransaction, Store } from '../../exporter/src/domain/ports.js';
import { DEFAULT_THRESHOLDS } from '../../exporter/src/domain/thresholds.js';
import type { WindowRepository } from '../../exporter/src/domain/stored-windows.js';
import { LATEST_MS } from '../../exporter/src/http/parameters.js';
import { callCountersCodec, NO_CALLS } from '../../exporter/src/monitoring/call-counters.js';
import { readModelState } from '../../exporter/src/monitoring/persist.js';
import { Windows } from '../../exporter/src/monitoring/windows.js';
import { addLabels } from '../../exporter/src/statistics/label-counts.js';
import { createWindowBuilder, emptyWindow } from '../../exporter/src/statistics/window-profile.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { baselineOf, observation } from '../unit/detection/rows.js';
import { answers, fleetOn, modelNamed } from '../unit/monitoring/fleet-on-memory.js';
import { MemoryStore } from '../unit/monitoring/memory-store.js';
import { testStores } from './servers/stores.js';

const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

const MODEL = modelId('fraud');
const LENGTH_MS = 300_000;
const WINDOWS = 120;
const CALLS = 10;
const FIRST_MS = 3_000_000 * LENGTH_MS;
const startOf = (index: number): number => FIRST_MS + index * LENGTH_MS;
const END_MS = startOf(WINDOWS);

const rowsOf = (index: number): readonly Observation[] =>
  Array.from({ length: CALLS }, (_, i) =>
    observation({ atMs: startOf(index) + i, features: { age: i }, confidence: i / CALLS }),
  );
const BASELINE = {
  ...baselineOf(Array.from({ length: 30 }, (_, index) => rowsOf(index - 30)).flat()),
  admittedAtMs: FIRST_MS,
};

/** A window of ten calls; as many of them are labelled as the last digit of its index. */
function windowOf(index: number) {
  const windowStartMs = startOf(index);
  const builder = createWindowBuilder({ like: BASELINE.profile });
  for (const row of rowsOf(index)) builder.add(row);
  for (let i = 0; i < index % 10; i += 1) builder.addLabel({ kind: 'class', correct: true, confidenceTenth: 5 });
  return { model: MODEL, windowStartMs, profile: builder.build() };
}
const ALL = Array.from({ length: WINDOWS }, (_, index) => windowOf(index));
const startsOf = (windows: readonly { readonly windowStartMs: number }[]): readonly number[] =>
  windows.map(({ windowStartMs }) => windowStartMs);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const unasked = () => Promise.reject(new Error('nobody asks for this here'));
const NOTHING_ELSE: Omit<Parameters<typeof modelUseCases>[0], 'fleet' | 'store'> = {
  clock: { now: () => END_MS, sleep: unasked },
  auditNote: () => unasked,
  discover: unasked,
  chooseGoldenInputs: () => [],
  investigate: unasked,
};

interface Counted {
  statements: number;
  /** Whole windows that one statement gave. */
  most: number;
  /** Whole windows that all gave. */
  whole: number;
}

/** The same windows; counts what is asked of them. */
function counting(windows: WindowRepository, counted: Counted): WindowRepository {
  const whole = async <T extends readonly unknown[]>(read: Promise<T>): Promise<T> => {
    const rows = await read;
    counted.statements += 1;
    counted.whole += rows.length;
    counted.most = Math.max(counted.most, rows.length);
    return rows;
  };
  return {
    ...windows,
    prune: (olderThanMs) => windows.prune(olderThanMs),
    saveAll: async (rows) => {
      counted.statements += 1;
      await windows.saveAll(rows);
    },
    range: (model, fromMs, toMs) => whole(windows.range(model, fromMs, toMs)),
    at: (model, startsMs) => whole(windows.at(model, startsMs)),
    newest: (model, page) => whole(windows.newest(model, page)),
    newestOutlines: (model, page) => windows.newestOutlines(model, page),
  };
}

const none = (): Counted => ({ statements: 0, most: 0, whole: 0 });

describe.each(stores.kinds)('%s', (kind) => {
  const location = () => stores.fresh(kind);
  let store: Store;
  beforeEach(async () => {
    store = await openStore(location());
    await store.models.save(modelNamed('fraud'));
    await store.baselines.save(MODEL, BASELINE);
    await store.windows.saveAll(ALL);
    return () => store.close();
  });

  it('gives the newest windows, whole or without features, and those of given starts', async () => {
    const page = { fromMs: startOf(1), toMs: startOf(5), limit: 3 };
    const newest = [...ALL.slice(2, 5)].reverse();
    expect(await store.windows.newest(MODEL, page)).toEqual(
      newest.map(({ windowStartMs, profile }) => ({ windowStartMs, profile })),
    );
    expect(await store.windows.newestOutlines(MODEL, page)).toEqual(
      newest.map(({ windowStartMs, profile }) => ({
        windowStartMs,
        profile: {
          ...profile,
          groups: new Map(),
          signals: new Map([...profile.signals].filter(([key]) => !key.startsWith('feature:'))),
        },
      })),
    );
    expect(await store.windows.newest(MODEL, { ...page, fromMs: startOf(4) })).toHaveLength(1);
    const at = await store.windows.at(MODEL, [startOf(7), startOf(3), startOf(WINDOWS + 1)]);
    expect([...startsOf(at)].sort()).toEqual([startOf(3), startOf(7)]);
    expect(await store.windows.at(MODEL, [])).toEqual([]);
  });

  it('restores the windows that are judged, and of the others the labels only', async () => {
    const counted = none();
    const windows = counting(store.windows, counted);
    const restored = await readModelState({ ...store, windows }, MODEL, END_MS, { windowSamples: 25 });
    expect(startsOf(restored.windows)).toEqual([116, 117, 118, 119].map(startOf));
    expect(restored.olderLabels).toEqual(
      ALL.slice(0, 116).map(({ windowStartMs, profile }) => ({
        windowStartMs,
        answers: CALLS,
        labels: profile.labels,
      })),
    );
    expect(counted.whole).toBeLessThanOrEqual(10);
    const few = await readModelState(store, MODEL, END_MS, { windowSamples: 1_000_000 });
    expect(startsOf(few.windows)).toEqual(startsOf(ALL));
    expect(few.olderLabels).toEqual([]);
  });

  it('compares by the labels of windows that it has not restored', async () => {
    const withoutLabels = ALL.slice(-30).map((window) => ({
      ...window,
      profile: { ...window.profile, labels: emptyWindow().labels },
    }));
    await store.windows.saveAll(withoutLabels);
    const { labels: learnt } = new Windows(BASELINE.profile, LENGTH_MS, FIRST_MS, [], 1);
    for (let i = 0; i < 1_000; i += 1)
      learnt.came({ predictedAtMs: i, answeredAtMs: i, atMs: i + 7_200_000 }, i + 7_200_000);
    await store.callCounters.save(MODEL, callCountersCodec, {
      ...NO_CALLS,
      basis: 'ingest',
      lastPredictionAtMs: END_MS - 1,
      labelDelays: learnt.learntDelays,
    });
    const fleet = fleetOn(new MemoryStore(turn), turn, { store });
    await fleet.start();
    const { calls, labels } = fleet.monitoredModel(MODEL).modelState().window;
    expect(calls).toBe(DEFAULT_THRESHOLDS.windowSamples);
    expect(labels.ofAnswers).toBe(DEFAULT_THRESHOLDS.windowSamples);
    expect(labels.labelled).toBe(90);
    await fleet.stop();
  });

  it('adds late rows to many stored windows with few statements', async () => {
    const counted = none();
    const counts = <T>(work: (part: IncrementTransaction) => Promise<T>) => {
      return (part: IncrementTransaction): Promise<T> => work({ ...part, windows: counting(part.windows, counted) });
    };
    const fleet = fleetOn(new MemoryStore(turn), turn, {
      store: { ...store, atomic: (shard, epoch, work) => store.atomic(shard, epoch, counts(work)) },
      clock: { now: () => END_MS, sleep: turn },
    });
    await fleet.start();
    const late = Array.from({ length: 90 }, (_, index) => startOf(index) + 1_000);
    await fleet.ingest(MODEL, answers([], { observations: late.map((atMs) => observation({ atMs })) }));
    const stored = await store.windows.range(MODEL, 0, END_MS);
    expect(stored.map(({ profile }) => profile.calls)).toEqual(ALL.map((_, index) => (index < 90 ? CALLS + 1 : CALLS)));
    expect(stored.map(({ profile }) => profile.labels.labelled)).toEqual(
      ALL.map(({ profile }) => profile.labels.labelled),
    );
    expect(counted.statements).toBeLessThanOrEqual(12);
    expect(counted.most).toBeLessThanOrEqual(20);
    await fleet.stop();
  });

  it('lists the figures of windows page by page, by default those of seven days', async () => {
    const longAgo = { ...windowOf(0), windowStartMs: startOf(WINDOWS - 1) - 7 * 86_400_000 };
    const labelled = windowOf(1);
    const quantities = { ...addLabels(), losses: { '3:exact': 4, '3:20': 3 } };
    const barely = {
      ...labelled,
      windowStartMs: longAgo.windowStartMs + 1,
      profile: { ...labelled.profile, labels: quantities },
    };
    await store.windows.saveAll([longAgo, barely]);
    const fleet = fleetOn(new MemoryStore(turn), turn, { store });
    await fleet.start();
    const pages: number[] = [];
    const newestOutlines: WindowRepository['newestOutlines'] = async (model, page) => {
      const windows = await store.windows.newestOutlines(model, page);
      pages.push(windows.length);
      return windows;
    };
    const models = modelUseCases(
      {
        ...NOTHING_ELSE,
        fleet,
        store: { settings: store.settings, windows: { ...counting(store.windows, none()), newestOutlines } },
      },
      { schedule: modelNamed('fraud').schedule, newModels: () => ({ areMade: true, most: 10 }) },
    );
    const expected = [barely, ...ALL];
    const figures = await models.aggregates(MODEL, null, LATEST_MS);
    expect(startsOf(figures)).toEqual(startsOf(expected));
    expect(figures[0]).toMatchObject({ labelled: 7, correct: null });
    const [, ...ofClasses] = expected.map(({ profile: { labels } }) => [labels.labelled, labels.correct]);
    expect(figures.slice(1).map(({ labelled, correct }) => [labelled, correct])).toEqual(ofClasses);
    expect(figures[5]).toMatchObject({
      calls: CALLS,
      failures: 0,
      latencyP50Seconds: expect.closeTo(0.02, 2) as number,
    });
    expect(pages).toEqual([20, 20, 20, 20, 20, 20, 2]);
    expect(startsOf(await models.aggregates(MODEL, 0, startOf(2)))).toEqual(
      startsOf([longAgo, barely, ...ALL.slice(0, 2)]),
    );
    expect(startsOf(await models.aggregates(MODEL, null, startOf(2)))).toEqual(
      startsOf([longAgo, barely, ...ALL.slice(0, 2)]),
    );
    await expect(models.aggregates(MODEL, 2, 1)).rejects.toThrow('from_ms must not be after to_ms');
    await fleet.stop();
  });
});
