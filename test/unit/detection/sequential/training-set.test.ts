import { describe, expect, test } from 'vitest';
import { DriftMonitor } from '../../../../exporter/src/detection/sequential/drift-monitor.js';
import { driftMonitorCodec } from '../../../../exporter/src/detection/sequential/drift-monitor-state.js';
import { DEFAULT_FALSE_PAGE_BUDGET, type FalsePageBudget } from '../../../../exporter/src/domain/alert-evidence.js';
import type { FeatureValue } from '../../../../exporter/src/domain/observation.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { observation } from '../rows.js';

const DAY_MS = 86_400_000;
const SET_MS = 1_767_225_600_000;
/** Live rows begin long after the set ends. */
const LIVE_MS = SET_MS + 40 * DAY_MS;

type Row = Readonly<Record<string, FeatureValue>>;
const id = (text: string): string => text;

/** A model of which a training set was imported, under the default budget. */
class Given {
  monitor: DriftMonitor;
  private readonly random;

  /** @param next a row of the set, and of live traffic as long as it is healthy */
  constructor(
    private readonly next: (random: () => number) => Row,
    set: { readonly rows: number; readonly apartMs: number; readonly isOfAllTimes?: boolean },
    seed = 'set',
    budget: FalsePageBudget = DEFAULT_FALSE_PAGE_BUDGET,
  ) {
    this.monitor = new DriftMonitor('m', budget, id);
    const random = seededRandom(seed);
    this.random = (): number => random.next();
    for (let i = 0; i < set.rows; i += 1) this.observe(SET_MS + i * set.apartMs);
    this.monitor.settle(SET_MS + set.rows * set.apartMs, Number.MAX_SAFE_INTEGER);
    this.monitor.endTrainingSet(200, set.isOfAllTimes ?? true);
    this.monitor.startWatching();
  }

  private observe(atMs: number, change: (row: Row) => Row = (row) => row): void {
    this.monitor.observe(observation({ atMs, features: change(this.next(this.random)) }));
  }

  /** Live rows, looked at every ten. @returns the row at which it alarmed; null if it did not */
  live(rows: number, apartMs: number, change?: (row: Row) => Row, fromMs = LIVE_MS): number | null {
    for (let i = 1; i <= rows; i += 1) {
      this.observe(fromMs + i * apartMs, change);
      if (i % 10 === 0) this.monitor.settle(fromMs + i * apartMs, 200);
      if (this.monitor.isAlarmed) return i;
    }
    return null;
  }

  restart(): void {
    const stored = driftMonitorCodec.decode(driftMonitorCodec.encode(this.monitor.snapshot()));
    this.monitor = new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, id, stored);
  }
}

const income = (random: () => number): Row => ({
  income: 30_000 + 40_000 * random() * random(),
  age: 20 + 50 * random(),
  job: `job ${Math.floor(5 * random())}`,
});

describe('after a training set without times', () => {
  const SET = { rows: 2_000, apartMs: 1 };
  test.each([
    { name: 'an income × 100', change: (row: Row): Row => ({ ...row, income: 100 * Number(row['income']) }) },
    { name: 'no age any more', change: (row: Row): Row => ({ ...row, age: null }) },
    { name: 'jobs never seen', change: (row: Row): Row => ({ ...row, job: 'none' }) },
    { name: 'texts for ages', change: (row: Row): Row => ({ ...row, age: 'old' }) },
  ])('live rows that are wrong from the first, $name, alarm within 100, or ten seconds', ({ change }) => {
    for (const apartMs of [20, 1_000, 60_000])
      expect(
        new Given(income, SET).live(Math.max(100, 10_000 / apartMs), apartMs, change),
        `every ${apartMs} ms`,
      ).not.toBeNull();
  });

  test.each([
    { name: 'no age', change: (row: Row): Row => ({ ...row, age: null }) },
    { name: 'a job never seen', change: (row: Row): Row => ({ ...row, job: 'XX' }) },
    { name: 'texts for ages', change: (row: Row): Row => ({ ...row, age: 'old' }) },
  ])('rows of one and the same time alarm within 200: $name', ({ change }) => {
    expect(new Given(income, SET).live(200, 0, change)).not.toBeNull();
  });

  test('a job a night whose rows have one time is judged from the first night on', () => {
    const model = new Given(income, SET);
    for (let night = 0; night < 10; night += 1)
      expect(model.live(500, 0, undefined, LIVE_MS + night * DAY_MS)).toBeNull();
    const wrong = (row: Row): Row => ({ ...row, age: null });
    expect(model.live(100, 0, wrong, LIVE_MS + 10 * DAY_MS)).not.toBeNull();
  });

  test.each([1, 7])(
    'a shift in a job every %i days alerts, once it is seen that nothing more comes in between',
    (days) => {
      const model = new Given(income, SET);
      const job = (k: number, change?: (row: Row) => Row): number | null =>
        model.live(300, 0, change, LIVE_MS + k * days * DAY_MS);
      for (let k = 0; k < 6; k += 1) expect(job(k)).toBeNull();
      const older = (row: Row): Row => ({ ...row, age: Number(row['age']) + 15 });
      const found = Array.from({ length: 6 }, (_, k) => job(6 + k, older));
      expect(found.some((at) => at !== null)).toBe(true);
    },
  );

  test('what came before the pace was known is bet on, and is no part of the normal', () => {
    const hundredfold = (row: Row): Row => ({ ...row, income: 100 * Number(row['income']) });
    expect(new Given(income, { rows: 200, apartMs: 1 }).live(60, 1_000, hundredfold)).not.toBeNull();
  });

  test('a feature that the set had a sample too few of begins anew with live rows', () => {
    let row = 0;
    const some = (random: () => number): Row => ({ age: (row += 1) % 2 === 0 || row > 400 ? random() : null });
    const model = new Given(some, { rows: 298, apartMs: 60_000 });
    expect(model.live(2_000, 60_000)).toBeNull();
    const stopped = (): Row => ({ age: null });
    expect(model.live(100, 60_000, stopped, LIVE_MS + 2_000 * 60_000)).not.toBeNull();
  });

  test('a restart in between changes nothing but for the rows that waited', () => {
    const model = new Given(income, SET);
    model.live(10, 1_000);
    model.restart();
    const change = (row: Row): Row => ({ ...row, income: 100 * Number(row['income']) });
    expect(model.live(100, 1_000, change, LIVE_MS + 10_000)).not.toBeNull();
  });
});

describe('healthy live rows', () => {
  test('are no news at whatever pace they come beside the set’s', () => {
    for (const [apartMs, liveMs, rows] of [
      [1, 10, 20_000],
      [1, 3_600_000, 720],
      [3_600_000, 10, 20_000],
      [60_000, 5, 20_000],
    ] as const)
      expect(new Given(income, { rows: 1_000, apartMs }).live(rows, liveMs), `${apartMs}, ${liveMs}`).toBeNull();
  });

  test.each([
    { first: 30, everyMs: 3_600_000, thenMs: 1_000 },
    { first: 30, everyMs: 600_000, thenMs: 1_000 },
    { first: 30, everyMs: 3_600_000, thenMs: 100 },
    { first: 30, everyMs: 10, thenMs: 60_000 },
    { first: 30, everyMs: 0, thenMs: 60_000 },
    { first: 300, everyMs: 0, thenMs: 1_000 },
  ])('may come every $everyMs ms at first and every $thenMs then', ({ first, everyMs, thenMs }) => {
    for (let seed = 0; seed < 12; seed += 1) {
      const model = new Given(income, { rows: 1_000, apartMs: 1 }, `paces ${seed}`);
      expect(model.live(first, everyMs)).toBeNull();
      expect(model.live(5_000, thenMs, undefined, LIVE_MS + first * everyMs + thenMs)).toBeNull();
      expect(model.monitor.evidence().verdict, `${seed}`).toBe('quiet');
    }
  });

  test.each([
    { trial: 30, apartMs: DAY_MS, set: 5_000 },
    { trial: 3, apartMs: 10 * DAY_MS, set: 5_000 },
    { trial: 1, apartMs: 7 * DAY_MS, set: 30_000 },
  ])('may begin with a trial of $trial rows, $apartMs ms apart, after a set of $set', ({ trial, apartMs, set }) => {
    for (let seed = 0; seed < 6; seed += 1) {
      const none = { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' } as const;
      const model = new Given(income, { rows: set, apartMs: 1 }, `trial ${seed}`, none);
      expect(model.live(trial, apartMs), `${seed}`).toBeNull();
      expect(model.live(4_000, 1_000, undefined, LIVE_MS + (trial + 1) * apartMs), `${seed}`).toBeNull();
    }
  });

  test('may be as alike as successive rows ever are, though the set was shuffled', () => {
    const alarmed = Array.from({ length: 4 }, (_, seed) => {
      let level = 0;
      const shuffled = (random: () => number): Row => ({ level: gaussian(random) });
      const model = new Given(shuffled, { rows: 5_000, apartMs: 60_000 }, `alike ${seed}`);
      const random = seededRandom(`walk ${seed}`);
      const walk = (): Row => {
        level = 0.97 * level + Math.sqrt(1 - 0.97 ** 2) * gaussian(() => random.next());
        return { level };
      };
      return model.live(20_000, 10_000, walk);
    });
    expect(alarmed).toEqual([null, null, null, null]);
  });

  test.each([
    { name: 'without times', set: { rows: 2_000, apartMs: 1 }, isOfAllTimes: true },
    { name: 'of three hours', set: { rows: 2_000, apartMs: 5_000 }, isOfAllTimes: false },
  ])('that follow the day are no news days after a set $name', ({ set, isOfAllTimes }) => {
    let atMs = 0;
    const daily = (random: () => number): Row => {
      const hour = set.apartMs === 1 && atMs === 0 ? 24 * random() : (atMs / 3_600_000) % 24;
      return { load: 500 + 150 * Math.sin((Math.PI * hour) / 12) + 100 * gaussian(random) };
    };
    const model = new Given(daily, { ...set, isOfAllTimes });
    const followed = (row: Row): Row => {
      atMs += 60_000;
      return row;
    };
    expect(model.live(2_880, 60_000, followed, SET_MS + 3 * DAY_MS)).toBeNull();
  });

  test('of another time of day than a set of some hours may go far', () => {
    const morning = (random: () => number): Row => ({ watts: 1 + 100 * random() });
    const noon = (random: () => number): Row => ({ watts: 500 + 400 * random() });
    const model = new Given(morning, { rows: 1_000, apartMs: 10_000, isOfAllTimes: false });
    const random = seededRandom('noon');
    expect(model.live(300, 10_000, () => noon(() => random.next()))).toBeNull();
  });
});

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
