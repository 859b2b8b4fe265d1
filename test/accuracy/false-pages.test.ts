import { expect, test } from 'vitest';
import { SimulatedModel, type Traffic } from './simulated-model.js';
import { say } from './streams.js';

/**
 * The promise itself: at most one false page per model in 30 days on average, default configuration. Six kinds of
 * traffic, more than 200 simulated months together in the long form; nothing ever changes in them.
 */
interface Kind {
  readonly name: string;
  readonly months: number;
  readonly traffic: Omit<Traffic, 'seed'>;
  /** Two standard deviations (of a Poisson count) above what was measured last (docs/detection.md, “Measured”). */
  readonly atMost: number;
}

/** The one kind for which the promise is not kept (docs/detection.md, “Not guaranteed”); it must not become worse. */
const NOT_KEPT = '60 an hour that wander for half an hour, AR(0.97)';

const KINDS: readonly Kind[] = [
  {
    name: 'one sample an hour, independent',
    months: 51,
    atMost: 3,
    traffic: { perHour: 1, features: 50, correlation: 0, dailyAmplitude: 0 },
  },
  {
    name: 'one sample an hour, AR(0.8)',
    months: 51,
    atMost: 4,
    traffic: { perHour: 1, features: 50, correlation: 0.8, dailyAmplitude: 0 },
  },
  {
    name: '12 an hour, daily wave of 1 sd',
    months: 60,
    atMost: 9,
    traffic: { perHour: 12, features: 50, correlation: 0, dailyAmplitude: 1 },
  },
  {
    name: '12 an hour, AR(0.8)',
    months: 42,
    atMost: 14,
    traffic: { perHour: 12, features: 50, correlation: 0.8, dailyAmplitude: 0 },
  },
  {
    name: NOT_KEPT,
    months: 12,
    atMost: 37,
    traffic: { perHour: 60, features: 10, correlation: 0.97, dailyAmplitude: 0 },
  },
  {
    name: '60 an hour that wander for hours, AR(0.99)',
    months: 12,
    atMost: 12,
    traffic: { perHour: 60, features: 10, correlation: 0.99, dailyAmplitude: 0 },
  },
];
const MONTH_HOURS = 720;
/** In `npm test` half the models of each kind; the bound of half the months is as many standard deviations above. */
const SHARE = process.env['MLFI_LONG'] === '1' ? 1 : 0.5;
const boundOf = (atMost: number): number =>
  SHARE === 1 ? atMost : Math.ceil(SHARE * atMost + Math.sqrt(SHARE * atMost));
/** Models are watched for three months each, so that growing references and found seasons are exercised. */
const MONTHS_EACH = 3;

test.each(KINDS)(
  'pages falsely at most once in 30 days on average: $name',
  async ({ name, months, traffic, atMost }) => {
    let pages = 0;
    let watched = 0;
    for (let seed = 1; watched < SHARE * months; seed += 1) {
      const model = await SimulatedModel.start({ seed, ...traffic });
      pages += (await model.run(MONTHS_EACH * MONTH_HOURS)).length;
      watched += MONTHS_EACH;
    }
    say(`${name}: ${pages} false pages in ${watched} months`);
    expect(pages).toBeLessThanOrEqual(boundOf(atMost));
  },
);

test('no bound is above the promise but the one that is named, nor are all together', () => {
  const above = KINDS.filter(({ atMost, months }) => atMost > months).map(({ name }) => name);
  expect(above).toEqual([NOT_KEPT]);
  const months = KINDS.reduce((sum, kind) => sum + kind.months, 0);
  expect(months).toBeGreaterThanOrEqual(200);
  expect(KINDS.reduce((sum, { atMost }) => sum + atMost, 0)).toBeLessThanOrEqual(months);
});
