import { expect, test } from 'vitest';
import { SimulatedModel, type Traffic } from './simulated-model.js';
import { say } from './streams.js';

/**
 * The promise itself: at most one false page per model in 30 days on average, default configuration. Six kinds of
 * traffic, more than 200 simulated months together; nothing ever changes in them.
 */
interface Kind {
  readonly name: string;
  readonly months: number;
  readonly traffic: Omit<Traffic, 'seed'>;
  /** False pages a month that must not be exceeded; 1 is the promise. */
  readonly allowed?: number;
}

const KINDS: readonly Kind[] = [
  {
    name: 'one sample an hour, independent',
    months: 50,
    traffic: { perHour: 1, features: 50, correlation: 0, dailyAmplitude: 0 },
  },
  {
    name: 'one sample an hour, AR(0.8)',
    months: 50,
    traffic: { perHour: 1, features: 50, correlation: 0.8, dailyAmplitude: 0 },
  },
  {
    name: '12 an hour, daily wave of 1 sd',
    months: 60,
    traffic: { perHour: 12, features: 50, correlation: 0, dailyAmplitude: 1 },
  },
  {
    name: '12 an hour, AR(0.8)',
    months: 40,
    traffic: { perHour: 12, features: 50, correlation: 0.8, dailyAmplitude: 0 },
  },
  {
    name: '60 an hour that wander for half an hour, AR(0.97)',
    months: 12,
    // The promise is not kept here: 16 in 12 months when it was measured (docs/detection.md, “Not guaranteed”).
    allowed: 2,
    traffic: { perHour: 60, features: 10, correlation: 0.97, dailyAmplitude: 0 },
  },
  {
    name: '60 an hour that wander for hours, AR(0.99)',
    months: 12,
    traffic: { perHour: 60, features: 10, correlation: 0.99, dailyAmplitude: 0 },
  },
];
const MONTH_HOURS = 720;
/** Models are watched for three months each, so that growing references and found seasons are exercised. */
const MONTHS_EACH = 3;

test('pages falsely at most once in 30 days on average, whatever the traffic', async () => {
  let months = 0;
  let pages = 0;
  for (const kind of KINDS) {
    let here = 0;
    let watched = 0;
    for (let seed = 1; watched < kind.months; seed += 1) {
      const model = await SimulatedModel.start({ seed, ...kind.traffic });
      here += (await model.run(MONTHS_EACH * MONTH_HOURS)).length;
      watched += MONTHS_EACH;
    }
    say(`${kind.name}: ${here} false pages in ${watched} months`);
    expect(here, kind.name).toBeLessThanOrEqual((kind.allowed ?? 1) * watched);
    months += watched;
    pages += here;
  }
  say(`together ${pages} false pages in ${months} model-months (allowed ${months})`);
  expect(months).toBeGreaterThanOrEqual(200);
  expect(pages).toBeLessThanOrEqual(months);
});
