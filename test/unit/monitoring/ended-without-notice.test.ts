import { expect, it } from 'vitest';
import type { IngestBatch } from '../../../exporter/src/domain/ingest.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import type { UnjudgedRows } from '../../../exporter/src/domain/profile.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import { emptyWindow, mergeWindows, numericSignal } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { countedWhileLearnt } from '../../integration/counted-while-learnt.js';
import { observation } from '../detection/rows.js';
import { A, rowsOf, Service, START_MS } from './ended-service.js';
import { answers, labels, storedCounts } from './fleet-on-memory.js';

const callsOf = (unjudged: readonly UnjudgedRows[] | undefined): number =>
  (unjudged ?? []).reduce((sum, { counts }) => sum + counts.calls, 0);

it('keeps a learning that was asked for, though its counts would admit it: the normal before does not come back', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.judged();
  expect(service.monitored.baseline?.version).toBe(1);
  await service.fleet.change(A, (draft) => {
    draft.relearn();
    return undefined;
  });
  await service.sent(rowsOf(700, 1_400, 0.3));
  await service.killed();
  const { baseline, learning } = service.monitored;
  expect(baseline?.version ?? learning?.nextVersion).toBe(2);
  expect([learning?.profile.calls, callsOf(learning?.unjudged)]).toEqual([0, 700]);
});

it('learns nothing from rows that were lost before they were judged, says so, and keeps their counts', async () => {
  const service = await Service.withModel();
  // Half of them are of a fault.
  await service.sent([...rowsOf(0, 350), ...rowsOf(350, 700, 0.1)]);
  await service.killed();
  const { learning } = service.monitored;
  expect([service.monitored.baseline, learning?.profile.calls, callsOf(learning?.unjudged)]).toEqual([null, 0, 700]);
  expect(learning?.verdict).toMatchObject({
    missing: [
      '200 more answered samples (700 rows do not count: mlfi was ended, or read the model anew, before it had judged them)',
    ],
  });
  await service.sent(rowsOf(700, 1_400));
  await service.judged();
  const { baseline, counters } = service.monitored;
  const confidence = numericSignal(baseline?.profile ?? emptyWindow(), 'confidence');
  expect(Math.min(...(confidence?.cells.keys() ?? []))).toBeGreaterThanOrEqual(700);
  expect([callsOf(baseline?.unjudged), counters.calls]).toEqual([700, 1_400]);
});

it('counts labels of lost rows with these, however late they come', async () => {
  const service = await Service.withModel();
  const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `p${from + i}`);
  await service.sent(rowsOf(0, 120));
  await service.fleet.ingest(A, labels(ids(0, 40)));
  await service.killed();
  await service.fleet.ingest(A, labels(ids(40, 80)));
  await service.sent(rowsOf(120, 700));
  await service.fleet.ingest(A, labels(ids(120, 160)));
  await service.judged();
  await service.fleet.ingest(A, labels([...ids(80, 120), ...ids(160, 200)]));
  const { baseline } = service.monitored;
  expect(baseline?.profile.labels.labelled).toBe(80);
  expect(baseline?.unjudged?.map(({ counts }) => [counts.calls, counts.labels.labelled])).toEqual([[120, 120]]);
  const stored = service.store.committed.baselines.get(A);
  expect(stored?.profile.labels.labelled).toBe(80);
  expect(stored?.unjudged?.map(({ counts }) => counts.labels.labelled)).toEqual([120]);
});

/** Rows and labels of them in batches, every one sent twice, as senders do whose acknowledgement was lost. */
async function sentInBatches(service: Service, between: () => Promise<void>): Promise<void> {
  const sent = (batchId: string, batch: IngestBatch): Promise<unknown> =>
    service.fleet.ingest(A, { ...batch, batchId, bodyDigest: batchId });
  for (let from = 0; from < 1_500; from += 100) {
    const observations = rowsOf(from, from + 100);
    const ids = rowsOf(from - 100, from).map(({ predictionId }) => predictionId ?? '');
    for (let i = 0; i < 2; i += 1) {
      await sent(`rows ${from}`, answers([], { observations }));
      if (from > 0) await sent(`labels ${from}`, labels(ids));
      await between();
    }
  }
}

it('counts what it would in peace, though it is ended each time before rows have waited long enough', async () => {
  const counted = async (between: (service: Service) => Promise<void>): Promise<unknown> => {
    const service = await Service.withModel();
    await sentInBatches(service, () => between(service));
    await service.judged();
    await service.stored();
    const { baseline, counters } = service.monitored;
    const windows = [...(service.store.committed.windows.get(A)?.values() ?? [])].reduce(mergeWindows, emptyWindow());
    const inBaseline = countedWhileLearnt(baseline ?? { profile: emptyWindow() });
    return {
      version: baseline?.version,
      about: 100 * Math.round((baseline?.profile.calls ?? 0) / 100),
      total: [counters.calls, inBaseline.calls + windows.calls],
      labelled: inBaseline.labels.labelled + windows.labels.labelled,
      // Of the first life.
      lost: callsOf(baseline?.unjudged),
    };
  };
  const peace = { version: 1, about: 400, total: [1_500, 1_500], labelled: 1_400, lost: 0 };
  expect(await counted(() => Promise.resolve())).toEqual(peace);
  expect(await counted((service) => service.killed())).toEqual({ ...peace, lost: 100 });
});

it('judges at once after it was ended with rows that waited, and no longer once it is ended in order or runs for long', async () => {
  const service = await Service.withModel();
  const learnt = (): number | undefined => service.monitored.learning?.profile.calls;
  await service.sent(rowsOf(0, 20));
  expect(learnt()).toBe(0);
  await service.killed();
  for (let life = 1; life < 4; life += 1) {
    await service.sent(rowsOf(20 * life, 20 * (life + 1)));
    expect(learnt()).toBe(20 * life);
    await service.killed();
    expect([learnt(), callsOf(service.monitored.learning?.unjudged)]).toEqual([20 * life, 20]);
  }
  // Rows that are no later than they may be are judged, too, in the order they come.
  await service.sent(rowsOf(75, 78));
  expect(learnt()).toBe(63);
  expect(service.monitored.modelState().intake?.notJudged.late).toBe(0);
  await service.fleet.stop();
  await service.killed();
  await service.sent(rowsOf(80, 100));
  expect(learnt()).toBe(63);
  await service.killed();
  await service.sent(rowsOf(100, 101));
  expect(learnt()).toBe(64);
  service.nowMs += 61_000;
  await service.sent(rowsOf(700, 720));
  expect(learnt()).toBe(64);
});

it('finds what it would in peace, though it is ended each time before rows have waited long enough', async () => {
  const found = async (between: (service: Service) => Promise<void>): Promise<unknown> => {
    const service = await Service.withModel();
    await service.sent(rowsOf(0, 700));
    await service.judged();
    await service.stored();
    for (let from = 700; from < 1_500; from += 50) {
      await service.sent(rowsOf(from, from + 50, 0.4));
      await between(service);
    }
    await service.judged();
    const { verdict, confirmed } = service.monitored.evidence();
    return { verdict, confirmed };
  };
  const peace = await found(() => Promise.resolve());
  expect(peace).toMatchObject({ verdict: 'alarm' });
  expect(await found((service) => service.killed())).toEqual(peace);
});

it('finds what was in rows that were lost before they were judged, by their counts', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.judged();
  await service.stored();
  await service.sent([...rowsOf(700, 1_300), ...rowsOf(1_300, 2_500, 0.4)]);
  await service.killed();
  expect(service.monitored.evidence().verdict).toBe('quiet');
  await service.judged();
  const { verdict, confirmed, changeAtMs } = service.monitored.evidence();
  expect({ verdict, confirmed }).toEqual({ verdict: 'alarm', confirmed: ['confidence'] });
  // Within the five minutes that it was counted in.
  expect(Math.abs((changeAtMs ?? 0) - (START_MS + 1_300_000))).toBeLessThan(300_000);
  // What was found is stored: ended again, it is neither forgotten nor found twice.
  await service.stored();
  await service.killed();
  expect(service.monitored.evidence()).toMatchObject({ verdict: 'alarm', changeAtMs });
  await service.judged();
  expect(service.monitored.evidence()).toMatchObject({ verdict: 'alarm', changeAtMs });
});

it('looks at what was found in lost rows by the windows it was found in, and goes on from there when it is ended again', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.judged();
  await service.stored();
  await service.sent([...rowsOf(700, 1_300), ...rowsOf(1_300, 2_500, 0.4), ...rowsOf(2_500, 5_000)]);
  await service.killed();
  const lookedAt = (): Promise<{ readonly mean: number; readonly toMs: number; readonly isBehind: boolean }> =>
    service.fleet.inModel(A, (monitored) => {
      monitored.advance((service.nowMs += 1_000), false);
      const window = monitored.window();
      const cells = [...(numericSignal(window, 'confidence')?.cells ?? [])];
      const mean = cells.reduce((sum, [cell, count]) => sum + (cell * count) / 1_000, 0) / window.calls;
      return { mean, toMs: window.toMs - START_MS, isBehind: monitored.isBehind(service.nowMs) };
    });
  const first = await lookedAt();
  expect(service.monitored.evidence().verdict).toBe('alarm');
  // Of the newest there are 2,500 rows as ever.
  expect(first.toMs).toBeLessThan(2_500_000);
  expect(first.mean).toBeLessThan(0.75);
  expect(first.isBehind).toBe(true);
  await service.stored();
  const waiting = async (): Promise<number> =>
    (await service.store.callCounters.get(A, callCountersCodec))?.waiting ?? 0;
  const left = await waiting();
  expect(left).toBeGreaterThan(2_500);
  expect(left).toBeLessThan(4_300);
  await service.killed();
  expect(service.monitored.evidence().verdict).toBe('alarm');
  const again = await lookedAt();
  expect(again.toMs).toBeLessThan(3_600_000);
  await service.judged();
  await service.stored();
  expect((await lookedAt()).isBehind).toBe(false);
  expect(await waiting()).toBe(0);
  expect(service.monitored.evidence().verdict).not.toBe('warning');
});

it('gathers no evidence from rows as ever, however often they are lost before they were judged', async () => {
  const service = await Service.withModel();
  const random = seededRandom('whole numbers that follow each other, and rare categories');
  let level = 0;
  const rows = (from: number, to: number): Observation[] =>
    Array.from({ length: to - from }, (_, i) => {
      level = 0.8 * level + random.next() - 0.5;
      return observation({
        predictionId: `p${from + i}`,
        atMs: START_MS + 10_000 * (from + i),
        features: {
          age: Math.round(40 + 10 * level),
          amount: Number((100 * Math.exp(2 * random.next())).toFixed(2)),
          city: `c${Math.floor(40 * random.next() ** 2)}`,
          ...(random.next() < 0.2 ? {} : { note: random.next() < 0.1 ? null : random.next() }),
        },
        confidence: Math.round(100 * (0.6 + 0.4 * random.next())) / 100,
      });
    });
  service.nowMs = START_MS + 10_000 * 1_500;
  await service.sent(rows(0, 1_500));
  await service.judged();
  await service.stored();
  expect(service.monitored.baseline?.version).toBe(1);
  const lineShares: number[] = [];
  for (let life = 0; life < 40; life += 1) {
    service.nowMs = START_MS + 10_000 * (1_600 + 100 * life);
    await service.sent(rows(1_500 + 100 * life, 1_600 + 100 * life));
    await service.killed();
    await service.judged();
    await service.stored();
    const { verdict, lineShare } = service.monitored.evidence();
    expect(verdict).toBe('quiet');
    lineShares.push(lineShare);
  }
  expect(Math.max(...lineShares)).toBeLessThan(0.6);
});

it('loses nothing of a learning period at a stop', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 120));
  await service.fleet.stop();
  await service.killed();
  expect(service.monitored.learning).toMatchObject({ profile: { calls: 120 } });
  expect(service.monitored.learning?.unjudged).toBeUndefined();
});

it('tells of an admitted baseline once it is stored: a process that ends then learns nothing anew', async () => {
  const service = await Service.withModel();
  let storedThen: number | undefined;
  service.events.subscribe(({ kind }) => {
    if (kind === 'baseline-admitted') storedThen = service.store.committed.baselines.get(A)?.profile.calls;
  });
  await service.sent(rowsOf(0, 700));
  // Also to whoever asks meanwhile.
  const told: unknown[] = [];
  service.store.onTurn = () => {
    if (service.fleet.status(A).baseline !== null) told.push(service.store.committed.baselines.get(A)?.profile.calls);
  };
  await service.judged();
  service.store.onTurn = () => undefined;
  expect(told).not.toContain(undefined);
  expect(storedThen).toBe(service.monitored.baseline?.profile.calls);
  await service.killed();
  expect(service.monitored.baseline?.profile.calls).toBe(storedThen);
});

it('tells of an admitted baseline that the store refused once it takes it, and evaluates nothing on it until then', async () => {
  const service = await Service.withModel();
  const told: number[] = [];
  service.events.subscribe((event) => {
    if (event.kind === 'baseline-admitted') told.push(event.version);
  });
  await service.sent(rowsOf(0, 700));
  service.store.isDown = true;
  await expect(service.judged()).rejects.toThrow();
  await expect(service.judged()).rejects.toThrow();
  expect([told, service.fleet.status(A).baseline]).toEqual([[], null]);
  service.store.isDown = false;
  await service.judged();
  expect(told).toEqual([1]);
  expect(service.store.committed.baselines.get(A)?.version).toBe(1);
  await service.judged();
  expect(told).toEqual([1]);
});

it.each([
  ['learns', 0],
  ['has a baseline', 700],
])('learns nothing from rows that waited when a reset was asked for, of a model that %s', async (_, before) => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, before));
  await service.judged();
  await service.sent(rowsOf(700, 850, 0.1));
  await service.fleet.change(A, (draft) => void draft.relearn());
  await service.sent(rowsOf(900, 910));
  await service.judged();
  expect(service.monitored.learning?.profile.calls).toBe(10);
});

it('learns from rows that waited when they were accepted as the new normal', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.judged();
  await service.sent(rowsOf(700, 750, 0.3));
  await service.fleet.change(A, (draft) => void draft.relearn(START_MS + 700_000));
  await service.judged();
  expect(service.monitored.learning?.profile.calls).toBe(50);
});

it('lets the labels of a half that is no normal leave with it, however late they came', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 190));
  await service.judged();
  await service.fleet.ingest(A, labels(Array.from({ length: 190 }, (_, i) => `p${i}`)));
  const learnt = (): { readonly calls: number; readonly labelled: number } => {
    const { profile } = service.monitored.learning ?? {};
    return { calls: profile?.calls ?? 0, labelled: profile?.labels.labelled ?? 0 };
  };
  expect(learnt()).toEqual({ calls: 190, labelled: 190 });
  await service.sent(rowsOf(190, 290, 0.1));
  await service.judged();
  // Refused: the half before is gone, and 100 rows have come without labels.
  const { calls, labelled } = learnt();
  expect(calls).toBeLessThan(290);
  expect(labelled).toBe(calls - 100);
});

it.each([
  ['though older ones were learnt before', 300],
  ['though newer ones were learnt before', 900],
])('learns from labels whose rows wait after the end, %s', async (_, learntFrom) => {
  const service = await Service.withModel();
  await service.sent(rowsOf(learntFrom, learntFrom + 20));
  await service.killed();
  await service.sent(rowsOf(500, 600));
  await service.fleet.ingest(A, labels(Array.from({ length: 100 }, (_, i) => `p${500 + i}`)));
  expect(storedCounts(service.store, A)).toEqual({ calls: 120, labelled: 100 });
  await service.judged();
  expect(service.monitored.learning?.profile).toMatchObject({ calls: 100, labels: { labelled: 100 } });
  await service.sent(rowsOf(1_000, 1_001));
  expect(storedCounts(service.store, A)).toEqual({ calls: 121, labelled: 100 });
});

it('tells the rows whose evidence was lost, also of those that had just been judged', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.killed();
  expect(service.monitored.modelState().intake?.notJudged).toMatchObject({ lost: 700 });

  const busy = await Service.withModel();
  await busy.sent(rowsOf(0, 700));
  await busy.judged();
  await busy.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  // Judged within ten seconds of the last save of the e-detectors.
  await busy.sent([...rowsOf(700, 705), ...rowsOf(730, 731)]);
  await busy.fleet.inModel(A, (monitored) => monitored.advance(busy.nowMs + 1_000, false));
  await busy.sent(rowsOf(731, 732));
  await busy.killed();
  expect(busy.monitored.modelState().intake?.notJudged.lost).toBe(7);
});
