import { expect, it } from 'vitest';
import { callCountersCodec, type CallCounters } from '../../../exporter/src/monitoring/call-counters.js';
import { A, rowsOf, Service, START_MS } from './ended-service.js';
import { probed } from './probed-model.js';

/** A model that was watched, and then sent rows of another confidence that nobody has judged. */
async function withUnjudgedChange(): Promise<Service> {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 700));
  await service.judged();
  await service.stored();
  await service.sent([...rowsOf(700, 1_300), ...rowsOf(1_300, 5_000, 0.4)]);
  return service;
}

async function storedCounters({ store }: Service): Promise<CallCounters> {
  const counters = await store.callCounters.get(A, callCountersCodec);
  if (counters === null) throw new Error('nothing is stored');
  return counters;
}

/** One evaluation's look, which lets what was found come a minute further. */
const lookedAt = (service: Service): Promise<void> =>
  service.fleet.inModel(A, (monitored) => void monitored.advance((service.nowMs += 1_000), false));

const isBehind = ({ fleet, nowMs }: Service): Promise<boolean> =>
  fleet.inModel(A, (monitored) => monitored.isBehind(nowMs));

it('tells rows that were bet on and not stored by how many were lost, not by how many were drawn', async () => {
  const service = await withUnjudgedChange();
  await service.killed();
  await lookedAt(service);
  expect(service.monitored.evidence().verdict).toBe('alarm');
  // From the first row on what is judged is stored at once, for a minute.
  await service.sent(rowsOf(5_000, 5_001));
  service.nowMs += 61_000;
  await lookedAt(service);
  await service.stored();
  const { waiting = 0 } = await storedCounters(service);
  await lookedAt(service);
  expect(await isBehind(service)).toBe(true);
  await service.sent(rowsOf(5_001, 5_002));
  expect(waiting).toBeGreaterThan(2_500);
  expect((await storedCounters(service)).waiting).toBe(waiting + 1);
});

it.each([
  ['the third life', 2, 'alarm'],
  ['the fourth', 3, 'quiet'],
])('bets on lost rows until %s that ends at once', async (_, cutShort, verdict) => {
  const service = await withUnjudgedChange();
  const counters = await storedCounters(service);
  await service.store.callCounters.save(A, callCountersCodec, { ...counters, cutShort });
  await service.killed();
  expect(await isBehind(service)).toBe(verdict === 'alarm');
  await service.judged();
  expect(service.monitored.evidence().verdict).toBe(verdict);
  expect(service.monitored.modelState().intake?.notJudged.lost).toBeGreaterThanOrEqual(4_300);
});

it('counts the lives in a row that ended at once with rows that were not judged, until one lasts', async () => {
  const service = await Service.withModel();
  await service.sent(rowsOf(0, 20));
  const counted: unknown[] = [(await storedCounters(service)).cutShort];
  for (let life = 1; life < 4; life += 1) {
    await service.killed();
    await service.sent(rowsOf(20 * life, 20 * (life + 1)));
    counted.push((await storedCounters(service)).cutShort);
  }
  service.nowMs += 61_000;
  await service.sent(rowsOf(700, 720));
  expect([...counted, (await storedCounters(service)).cutShort]).toEqual([undefined, 1, 2, 3, undefined]);
  await service.fleet.stop();
  await service.killed();
  await service.sent(rowsOf(720, 740));
  expect((await storedCounters(service)).cutShort).toBeUndefined();
});

it('draws nothing of probes that were judged and not stored: no rows come behind which it would catch up with them', async () => {
  // Until a window of five minutes begins.
  const model = await probed(900);
  expect([model.version, model.nowMs % 300_000]).toEqual([1, 0]);
  for (let i = 0; i < 8; i += 1) await model.ask(true);
  await model.fleet.inModel(A, () => undefined);
  await model.restart(true);
  expect(model.counters.waiting).toBeGreaterThanOrEqual(8);
  expect(await model.fleet.inModel(A, (monitored) => monitored.isBehind(model.nowMs))).toBe(false);
});

it.each([false, true])(
  'finds a value of a feature that never had one, whether it is killed (%s) or not',
  async (isKilled) => {
    const withEmpty = (empty: number | null, ...of: Parameters<typeof rowsOf>): ReturnType<typeof rowsOf> =>
      rowsOf(...of).map((row) => ({ ...row, features: { ...row.features, empty } }));
    const service = await Service.withModel();
    await service.sent(withEmpty(null, 0, 700));
    await service.judged();
    await service.stored();
    await service.sent(withEmpty(1, 700, 1_300));
    if (isKilled) await service.killed();
    await service.judged();
    expect(service.monitored.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['schema'] });
  },
);

it('lets lost rows go when another normal is learnt', async () => {
  const service = await withUnjudgedChange();
  await service.killed();
  await lookedAt(service);
  expect(await isBehind(service)).toBe(true);
  await service.fleet.change(A, (draft) => void draft.relearn());
  expect(await isBehind(service)).toBe(false);
  expect((await storedCounters(service)).waiting).toBe(0);
  await service.killed();
  await service.judged();
  expect(service.monitored.learning?.profile.calls).toBe(0);
  expect(service.monitored.modelState().intake?.notJudged.lost).toBe(0);
});

/** As `rowsOf`, of a model with a row in ten seconds: a window has 30. */
const rareRows = (...given: Parameters<typeof rowsOf>): ReturnType<typeof rowsOf> =>
  rowsOf(...given).map((row) => ({ ...row, atMs: START_MS + 10 * (row.atMs - START_MS) }));

/** Such a model, of which an incident was over before row 900, and so many rows since. */
async function afterIncident(rows: number): Promise<{ readonly service: Service; readonly overMs: number }> {
  const service = await Service.withModel();
  service.nowMs = START_MS + 10 * 7_200_000;
  await service.sent(rareRows(0, 700));
  await service.judged();
  await service.sent([...rareRows(700, 900, 0.1), ...rareRows(900, 900 + rows)]);
  await service.judged();
  const overMs = START_MS + 9_000_000;
  await service.fleet.inModel(A, (monitored) => monitored.settleEvidence(overMs));
  await service.stored();
  expect(service.monitored.evidence().verdict).toBe('quiet');
  return { service, overMs };
}

interface Seen {
  readonly calls: number;
  readonly fromMs: number;
  /** Confidence, in thousandths. */
  readonly lowest: number;
}
/** What the model is judged by. */
const seenOf = ({ fleet }: Service): Promise<Seen> =>
  fleet.inModel(A, (monitored) => {
    const { fromMs, calls, signals } = monitored.window();
    const counts = signals.get('confidence');
    const cells = counts?.kind === 'numeric' ? [...counts.cells] : [];
    return { calls, fromMs, lowest: Math.min(...cells.flatMap(([cell, count]) => (count > 0 ? [cell] : []))) };
  });

it.each([
  ['fewer rows than are judged at once', 1_080],
  ['more', 2_000],
])(
  'looks at what was found in lost rows where an incident was over before, and at none of its rows: of %s',
  async (_, to) => {
    const { service, overMs } = await afterIncident(60);
    await service.sent(rareRows(960, to, 0.4));
    await service.killed();
    expect(service.monitored.counters.judgedFromMs).toBe(overMs);
    for (const look of [lookedAt, lookedAt, () => service.judged()]) {
      await look(service);
      expect(service.monitored.evidence().verdict).toBe('alarm');
      const { calls, fromMs, lowest } = await seenOf(service);
      expect(calls).toBeGreaterThanOrEqual(60);
      expect(fromMs).toBeGreaterThanOrEqual(overMs);
      // Of the change, and of no row of the incident, which lay at 0.1.
      expect(lowest).toBeLessThan(420);
      expect(lowest).toBeGreaterThanOrEqual(400);
    }
  },
);

it('looks at rows since an incident that is over also after a stop', async () => {
  const { service, overMs } = await afterIncident(120);
  expect(await seenOf(service)).toMatchObject({ calls: 120, fromMs: overMs });
  await service.fleet.stop();
  await service.killed();
  await lookedAt(service);
  expect(await seenOf(service)).toMatchObject({ calls: 120, fromMs: overMs });
});

it.each([
  ['killed with all of them', 'a row in two seconds', 2, 600, 600],
  ['stopped with all of them', 'a row in ten minutes', 600, 48, 48],
  ['stopped time and again', 'a row in ten minutes', 600, 48, 12],
])(
  'finds what was wrong in rows from before a training set without times: %s, %s',
  async (how, _, stepS, rows, each) => {
    const service = await Service.withTrainingSet(rowsOf(0, 1_000));
    const dated = (i: number): number => START_MS - 1_000 * (600 + (rows - i) * stepS);
    const sent = rowsOf(0, rows, 0.1).map((row, i) => ({ ...row, predictionId: `l${i}`, atMs: dated(i) }));
    for (let from = 0; from < rows; from += each) {
      await service.sent(sent.slice(from, from + each));
      if (how.startsWith('stopped')) await service.fleet.stop();
      await service.killed();
      await service.judged();
    }
    expect(service.monitored.evidence().verdict).toBe('alarm');
    expect((await seenOf(service)).calls).toBeGreaterThanOrEqual(rows / 2);
  },
);
