import { describe, expect, test } from 'vitest';
import { DriftMonitor } from '../../../../exporter/src/detection/sequential/drift-monitor.js';
import { driftMonitorCodec } from '../../../../exporter/src/detection/sequential/drift-monitor-state.js';
import { SeenRange } from '../../../../exporter/src/detection/sequential/seen-range.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../../exporter/src/domain/alert-evidence.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { observation } from '../rows.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = 1_767_225_600_000;

describe('the range of values seen', () => {
  const between = (low: number, high: number): SeenRange =>
    new SeenRange({ low, high, atMs: START_MS, went: 'near', far: null });

  test.each([
    { low: 20, high: 100, value: 399, jumps: false },
    { low: 20, high: 100, value: 401, jumps: true },
    { low: 20, high: 100, value: 5.1, jumps: false },
    { low: 20, high: 100, value: 4.9, jumps: true },
    { low: 20, high: 100, value: 0, jumps: false },
    { low: 20, high: 100, value: -201, jumps: false },
    { low: 20, high: 100, value: -281, jumps: true },
    { low: -3, high: 3, value: 13, jumps: true },
    { low: -3, high: 3, value: 0.001, jumps: false },
    { low: -100, high: -20, value: -401, jumps: true },
    { low: -100, high: -20, value: -4, jumps: true },
  ])('from $low to $high: $value jumps out of it: $jumps', ({ low, high, value, jumps }) => {
    expect(between(low, high).add(value, START_MS + MINUTE_MS)).toBe(jumps);
  });

  test('widens by what is gone to slowly', () => {
    const range = between(1, 10);
    for (let i = 1; i <= 10; i += 1) expect(range.add(10 * 2 ** i, START_MS + i * MINUTE_MS)).toBe(false);
  });

  test('widens by ten values that come after a pause, and by no outlier', () => {
    const range = between(1, 10);
    expect(range.add(1e9, START_MS + HOUR_MS)).toBe(false);
    expect(range.add(5, START_MS + HOUR_MS + 1)).toBe(false);
    expect(range.add(5, START_MS + 2 * HOUR_MS)).toBe(false);
    expect(range.snapshot()).toMatchObject({ low: 1, high: 10, far: null });
    for (let i = 0; i < 10; i += 1) expect(range.add(10_000 + i, START_MS + DAY_MS + i)).toBe(false);
    expect(range.snapshot()).toMatchObject({ low: 1, high: 11_000, far: null });
  });

  test('holds on to a jump through a pause, until a value is near again', () => {
    const range = between(1, 10);
    expect(range.add(1_000, START_MS + MINUTE_MS)).toBe(true);
    expect(range.add(1_000, START_MS + DAY_MS)).toBe(true);
    expect(range.add(5, START_MS + 2 * DAY_MS)).toBe(false);
    expect(range.snapshot()).toMatchObject({ low: 1, high: 10 });
  });

  test('takes for usual what jumped and came back', () => {
    const range = between(1, 10);
    for (let i = 0; i < 10; i += 1) expect(range.add(1_000, START_MS + i * MINUTE_MS)).toBe(true);
    expect(range.add(5, START_MS + HOUR_MS)).toBe(false);
    expect(range.add(1_000, START_MS + HOUR_MS + 1)).toBe(false);
  });

  test('does not follow the nearest of the values that jumped', () => {
    const range = between(8_000, 100_000);
    expect(range.add(1_000, START_MS + MINUTE_MS)).toBe(true);
    expect(range.add(2_500, START_MS + 2 * MINUTE_MS)).toBe(false);
    expect(range.add(1_000, START_MS + 3 * MINUTE_MS)).toBe(true);
    expect(range.add(2_500, START_MS + 9 * MINUTE_MS)).toBe(false);
    expect(range.snapshot()).toMatchObject({ low: 2_500 });
  });

  test('is none where values hardly differ, nearly all of them', () => {
    expect(SeenRange.of([0, 5], [91, 9, 0])).toBeNull();
    expect(SeenRange.of([3], [50, 0])).toBeNull();
    expect(SeenRange.of([57, 60, 63], [20, 20, 20, 0])).toBeNull();
    expect(SeenRange.of([-63, -60, -57], [20, 20, 20, 0])).toBeNull();
    expect(SeenRange.of([-1, 1], [30, 30, 0])?.snapshot()).toMatchObject({ low: -1, high: 1 });
    expect(SeenRange.of([20, 40, 60], [20, 20, 20, 0])?.snapshot()).toMatchObject({ low: 20, high: 60 });
    expect(SeenRange.of([0, 5], [89, 11, 0])?.snapshot()).toMatchObject({ low: 0, high: 5 });
  });
});

type World = (atMs: number, random: () => number, row: number) => number;

/** A model with this feature and five quiet ones under the default budget, evaluated every minute, admitted after 200 rows. */
class Watched {
  monitor = new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, (text) => text);
  private row = 0;
  private atMs: number;
  private settledAtMs = 0;

  constructor(
    private readonly world: World,
    private readonly apartMs: number,
    startMs: number,
    private readonly seed: string,
  ) {
    this.atMs = startMs;
  }

  /** @returns the rows after which it alarmed; null if it did not */
  run(rows: number, change: (value: number) => number = (value) => value): number | null {
    for (let i = 1; i <= rows; i += 1) {
      const random = seededRandom(`${this.seed} ${this.row}`);
      const next = (): number => random.next();
      const features = Object.fromEntries(Array.from({ length: 5 }, (_, k) => [`quiet${k}`, next()]));
      const value = change(this.world(this.atMs, next, this.row));
      this.monitor.observe(observation({ atMs: this.atMs, features: { ...features, watched: value } }));
      this.row += 1;
      this.atMs += this.apartMs;
      if (this.row === 200) this.monitor.startWatching();
      if (this.atMs - this.settledAtMs >= MINUTE_MS || this.row % 10 === 0) {
        this.monitor.settle(this.atMs, 200);
        this.settledAtMs = this.atMs;
      }
      if (this.monitor.isAlarmed) return i;
    }
    return null;
  }

  restart(): void {
    const stored = driftMonitorCodec.decode(driftMonitorCodec.encode(this.monitor.snapshot()));
    this.monitor = new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, (text) => text, stored);
  }
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
const income: World = (_, random) => 40_000 * Math.exp(0.5 * normal(random));

describe('in the first hour, before a daily pattern can be told from a change', () => {
  test.each([
    { name: '× 100', change: (value: number) => 100 * value },
    { name: '÷ 100', change: (value: number) => value / 100 },
    { name: '× −1,000', change: (value: number) => -1_000 * value },
  ])('an income $name alarms within 50 rows', ({ change }) => {
    const delays = Array.from({ length: 20 }, (_, seed) => {
      const model = new Watched(income, 3_000, START_MS, `power ${seed}`);
      expect(model.run(400)).toBeNull();
      return model.run(50, change) ?? Infinity;
    });
    expect(Math.max(...delays)).toBeLessThanOrEqual(50);
  });

  test('it names the feature and the jump, and sees its end, also over a restart', () => {
    const model = new Watched(income, 3_000, START_MS, 'end');
    model.run(400);
    model.run(5, (value) => 100 * value);
    model.restart();
    expect(model.run(50, (value) => 100 * value)).not.toBeNull();
    const { confirmed, signals } = model.monitor.evidence();
    expect(confirmed).toEqual(['feature:watched']);
    expect(signals[0]).toMatchObject({ subject: 'feature:watched', watch: 'changed', direction: 'changed' });
    model.run(100, (value) => 100 * value);
    expect(model.monitor.hasRecovered).toBe(false);
    for (let i = 0; i < 200; i += 1) model.run(1);
    expect(model.monitor.hasRecovered).toBe(true);
  });

  test('a tenth of the rows × 1,000 alarms within two hours', () => {
    let row = 0;
    const model = new Watched(income, 3_000, START_MS, 'part');
    model.run(400);
    expect(model.run(2_400, (value) => ((row += 1) % 10 === 0 ? 1_000 * value : value))).not.toBeNull();
  });
});

describe('healthy worlds that go far are quiet for two days', () => {
  /** Watts of a panel: nothing at night, clouds by day. */
  const solar: World = (atMs, random) => {
    const sun = Math.sin((2 * Math.PI * (atMs % DAY_MS)) / DAY_MS - Math.PI / 2);
    return Math.max(0, 5_000 * sun) * (0.3 + 0.7 * random());
  };
  const worlds: readonly { readonly name: string; readonly apartMs: number; readonly world: World }[] = [
    { name: 'solar, 20 rows an hour', apartMs: 3 * MINUTE_MS, world: solar },
    { name: 'solar, 60 rows an hour', apartMs: MINUTE_MS, world: solar },
    { name: 'solar, 4 rows an hour', apartMs: 15 * MINUTE_MS, world: solar },
    {
      name: 'a machine that is switched on at six',
      apartMs: MINUTE_MS,
      world: (atMs, random) =>
        (Math.abs((atMs % DAY_MS) - 11.5 * HOUR_MS) < 5.5 * HOUR_MS ? 5_000 : 60) * (0.9 + 0.2 * random()),
    },
    {
      name: 'visitors, a hundred times as many by day',
      apartMs: 2 * MINUTE_MS,
      world: (atMs, random) =>
        Math.floor(10 ** (1 - Math.cos((2 * Math.PI * (atMs % DAY_MS)) / DAY_MS)) * -Math.log(random() + 1e-12)),
    },
  ];
  test.each(worlds)('$name, begun at each of 24 hours', ({ world, apartMs }) => {
    const alarmed = Array.from({ length: 24 }, (_, hour) =>
      new Watched(world, apartMs, START_MS + hour * HOUR_MS, `hour ${hour}`).run((2 * DAY_MS) / apartMs),
    );
    expect(alarmed).toEqual(alarmed.map(() => null));
  });

  test('a nightly half hour of other customers is told once, and not each night', () => {
    const model = new Watched(
      (atMs, random, row) => {
        const hour = (atMs % DAY_MS) / HOUR_MS;
        return 40_000 * Math.exp(0.5 * normal(random)) * (hour >= 2 && hour < 2.5 && row % 3 > 0 ? 30 : 1);
      },
      30_000,
      START_MS + 6 * HOUR_MS,
      'nightly',
    );
    const TWO_DAYS = 2 * 2_880;
    let alarms = 0;
    for (let row = 0; row < TWO_DAYS;) {
      const alarmedAfter = model.run(TWO_DAYS - row);
      row += alarmedAfter ?? TWO_DAYS;
      if (alarmedAfter === null) break;
      alarms += 1;
      while (!model.monitor.hasRecovered && row < TWO_DAYS) {
        model.run(1);
        row += 1;
      }
      model.monitor.resume();
    }
    expect(alarms).toBe(1);
  });

  test.each([0.5, 1, 2])('Pareto amounts with a tail of %f', (tail) => {
    const alarmed = Array.from({ length: 8 }, (_, seed) =>
      new Watched((_, random) => (random() + 1e-12) ** (-1 / tail), MINUTE_MS, START_MS, `pareto ${seed}`).run(
        (2 * DAY_MS) / MINUTE_MS,
      ),
    );
    expect(alarmed).toEqual(alarmed.map(() => null));
  });

  test('a nightly batch, each of another size of customers', () => {
    const model = new Watched(
      (_, random, row) => 10 ** Math.floor(row / 300) * (1 + random()),
      1_000,
      START_MS,
      'batch',
    );
    model.run(300);
    const pause = 23 * HOUR_MS;
    Object.assign(model, { atMs: START_MS + pause });
    expect(model.run(300)).toBeNull();
  });
});
