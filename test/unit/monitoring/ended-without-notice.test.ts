import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IngestBatch } from '../../../exporter/src/domain/ingest.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import type { UnjudgedRows } from '../../../exporter/src/domain/profile.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { emptyWindow, mergeWindows, numericSignal } from '../../../exporter/src/statistics/window-profile.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { countedWhileLearnt } from '../../integration/counted-while-learnt.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, labels, modelNamed, QUIET_LOGGER, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const START_MS = 1_767_571_200_000;
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One row a second, from the `from`th on. */
function rowsOf(from: number, to: number, confidence = 0.7): Observation[] {
  const random = seededRandom(`rows ${from}`);
  return Array.from({ length: to - from }, (_, i) =>
    observation({
      predictionId: `p${from + i}`,
      atMs: START_MS + 1_000 * (from + i),
      features: { x: random.next() },
      confidence: confidence + 0.2 * random.next(),
    }),
  );
}

const callsOf = (unjudged: readonly UnjudgedRows[] | undefined): number =>
  (unjudged ?? []).reduce((sum, { counts }) => sum + counts.calls, 0);

/** A service on a store that is ended without notice, and started again, by hand. */
class Service {
  nowMs = START_MS + 7_200_000;
  readonly store = new MemoryStore();
  readonly events = createEventBus(QUIET_LOGGER);
  fleet: ReplayFleet = this.begun();

  private begun(): ReplayFleet {
    return fleetOn(this.store, AT_ONCE, {
      events: this.events,
      clock: { now: () => (this.nowMs += 1), sleep: () => AT_ONCE() },
    });
  }

  static async withModel(): Promise<Service> {
    const service = new Service();
    await service.fleet.add(modelNamed('a'));
    return service;
  }

  /** What was not stored is gone. */
  async killed(): Promise<void> {
    this.fleet = this.begun();
    const { models } = await this.store.models.list();
    for (const model of models) await this.fleet.add(model);
  }

  async sent(observations: readonly Observation[]): Promise<void> {
    await this.fleet.ingest(A, answers([], { observations }));
  }

  /** What is known by now is in the store. */
  stored(): Promise<void> {
    return this.fleet.inModel(A, () => undefined);
  }

  /** Until nothing more is waited for. */
  async judged(): Promise<void> {
    this.nowMs += 60_000;
    await this.fleet.catchUp(A);
  }

  get monitored(): ReturnType<ReplayFleet['monitoredModel']> {
    return this.fleet.monitoredModel(A);
  }
}

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

/** Labels of rows, some of them wrong, in batches; @param between what happens after each @returns what the accuracy detector says then */
async function labelledWrong(between: (service: Service, batch: number) => Promise<void>): Promise<unknown> {
  const service = await Service.withModel();
  const sent = async (from: number, to: number, wrongShare: number): Promise<void> => {
    const random = seededRandom(`labels ${from}`);
    await service.fleet.ingest(A, {
      ...labels([]),
      labels: Array.from({ length: to - from }, (_, i) => ({
        predictionId: `p${from + i}`,
        label: random.next() < wrongShare ? 'no' : 'yes',
        atMs: service.nowMs,
      })),
    });
  };
  await service.sent(rowsOf(0, 700));
  await sent(0, 700, 0.08);
  await service.judged();
  expect(service.monitored.baseline?.version).toBe(1);
  await service.sent(rowsOf(700, 1_400));
  await service.judged();
  await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  for (let batch = 0; batch < 35; batch += 1) {
    const from = 700 + 20 * batch;
    await sent(from, from + 20, 0.5);
    await between(service, batch);
  }
  await service.judged();
  const { verdict, confirmed, signals } = service.monitored.evidence();
  return { verdict, confirmed, accuracy: signals.find(({ subject }) => subject === 'accuracy') };
}

it('bets on labels that waited when it was ended as if it never was', async () => {
  const peace = await labelledWrong(() => Promise.resolve());
  expect(peace).toMatchObject({ verdict: 'alarm', confirmed: ['accuracy'] });
  expect(await labelledWrong((service) => service.killed())).toEqual(peace);
});

it('bets once on labels that had been judged when it was ended, whether or not that was stored', async () => {
  const judging = async (service: Service, batch: number): Promise<void> => {
    if (batch % 2 === 1)
      await service.fleet.inModel(A, (monitored) => void monitored.advance(service.nowMs + 60_000, false));
    // Stored with the next batch.
    if (batch % 4 === 0) await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  };
  const peace = await labelledWrong(judging);
  expect(peace).toMatchObject({ verdict: 'alarm', confirmed: ['accuracy'] });
  const killed = await labelledWrong(async (service, batch) => {
    await judging(service, batch);
    if (batch % 3 === 2) await service.killed();
  });
  expect(killed).toEqual(peace);
});

/**
 * Rows that come with their labels, in batches: of a learnt model, of which more labels are wrong than ever.
 * @param labelled a row with a right or a wrong label @param between what happens after each batch
 * @returns what the e-detector of labels says then
 */
async function wrongInRows(
  labelled: (row: Observation, isWrong: boolean) => Observation,
  wrongShare: number,
  between: (service: Service, batch: number) => Promise<void>,
): Promise<unknown> {
  const service = await Service.withModel();
  const sent = (from: number, to: number, share: number): Promise<void> => {
    const random = seededRandom(`labels ${from}`);
    return service.sent(rowsOf(from, to).map((row) => labelled(row, random.next() < share)));
  };
  await sent(0, 700, 0.08);
  await service.judged();
  expect(service.monitored.baseline?.version).toBe(1);
  await service.stored();
  for (let batch = 0; batch < 20; batch += 1) {
    await sent(700 + 40 * batch, 740 + 40 * batch, wrongShare);
    await between(service, batch);
  }
  await service.judged();
  const { verdict, confirmed, signals } = service.monitored.evidence();
  const ofLabels = signals.find(({ subject }) => subject === 'accuracy' || subject === 'error_size');
  await service.fleet.stop();
  expect(await service.store.labelEvidence.list(A)).toEqual([]);
  return { verdict, confirmed, ofLabels };
}
const CLASSES = (row: Observation, isWrong: boolean): Observation => ({ ...row, label: isWrong ? 'no' : 'yes' });
const QUANTITIES = (row: Observation, isWrong: boolean): Observation => {
  const right = 100 * (row.confidence ?? 0);
  return { ...row, confidence: null, prediction: right, label: right + 0.1 + (isWrong ? 50 : 0) };
};

it.each([
  ['a label', CLASSES, 'accuracy'],
  ['a quantity', QUANTITIES, 'error_size'],
])('finds what %s said that came in a row which was lost, as it would in peace', async (_, labelled, subject) => {
  const peace = await wrongInRows(labelled, 0.6, () => Promise.resolve());
  expect(peace).toMatchObject({ verdict: 'alarm', confirmed: [subject] });
  // The last one before anything is judged: all of it is known by what was stored.
  for (const isLast of [(batch: number) => batch === 19, () => true]) {
    const killed = await wrongInRows(labelled, 0.6, (service, batch) =>
      isLast(batch) ? service.killed() : Promise.resolve(),
    );
    expect(killed).toMatchObject({ verdict: 'alarm', confirmed: [subject] });
  }
});

it('bets once on labels that came in rows, whether those waited, had been judged or that was stored when it was ended', async () => {
  const judging = async (service: Service, batch: number): Promise<void> => {
    if (batch % 2 === 1)
      await service.fleet.inModel(A, (monitored) => void monitored.advance(service.nowMs + 60_000, false));
    // Stored with the next batch.
    if (batch % 4 === 0) await service.fleet.inModel(A, (monitored) => monitored.saveDetectorsSoon());
  };
  const peace = await wrongInRows(CLASSES, 0.14, judging);
  expect(peace).toMatchObject({ verdict: 'quiet', ofLabels: { watch: 'watching' } });
  for (const every of [1, 3, 5]) {
    const killed = await wrongInRows(CLASSES, 0.14, async (service, batch) => {
      await judging(service, batch);
      if (batch % every === every - 1) await service.killed();
    });
    expect(killed).toEqual(peace);
  }
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
