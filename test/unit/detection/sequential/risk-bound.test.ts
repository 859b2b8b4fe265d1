import { describe, expect, it } from 'vitest';
import { BlockCalibration } from '../../../../exporter/src/detection/sequential/block-length.js';
import { riskBound } from '../../../../exporter/src/detection/sequential/risk-e-detector.js';
import { ScoreStream } from '../../../../exporter/src/detection/sequential/score-stream.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../../exporter/src/domain/alert-evidence.js';
import type { Random } from '../../../../exporter/src/domain/ports.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const DELTA = 0.005;
/** Errors of one answer in seven; `sticky` is how much successive ones are alike (their correlation). */
const SHARE = 0.14;

function* errors(random: Random, share: number, sticky: number): Generator<number, never> {
  let error = random.next() < share ? 1 : 0;
  for (;;) {
    yield error;
    if (random.next() >= sticky) error = random.next() < share ? 1 : 0;
  }
}

/** The bound, without a tolerance, of so many errors. */
function boundOf(samples: number, sticky: number, random: Random): number {
  const calibration = new BlockCalibration(false);
  const source = errors(random, SHARE, sticky);
  for (let i = 0; i < samples; i += 1) calibration.add(source.next().value);
  const learnt = { ...calibration.summary(0), units: Math.floor(calibration.effectiveSamples), binary: true };
  return riskBound(learnt, DELTA, 0);
}

describe('the bound that a baseline of errors allows', () => {
  it.each([
    ['independent', 0, 200],
    ['independent', 0, 1_000],
    ['alike by 0.3', 0.3, 400],
    ['alike by 0.6', 0.6, 1_000],
  ])('is above the truth as often as it promises, where they are %s', (_, sticky, samples) => {
    const random = seededRandom(`bound ${sticky} ${samples}`);
    const bounds = Array.from({ length: 2_000 }, () => boundOf(samples, sticky, random));
    const missed = bounds.filter((bound) => bound < SHARE).length;
    // A share of 0.005 of 2,000 is 10; three standard errors more.
    expect(missed).toBeLessThanOrEqual(20);
  });

  it('is near the truth though blocks are long', () => {
    const random = seededRandom('near');
    const bounds = Array.from({ length: 200 }, () => boundOf(432, 0, random)).sort((a, b) => a - b);
    expect(bounds[180]).toBeLessThan(0.24);
  });
});

describe.each([
  ['22 a second', 46, 2_000],
  ['one a minute', 60_000, 800],
])('errors that go from 13 to 37 %% of %s', (_, apartMs, within) => {
  it.each([216, 432])('are shown where %i were learnt, and 3,000 as before show nothing', (learnt) => {
    let shown = 0;
    const RUNS = 20;
    for (let run = 0; run < RUNS; run += 1) {
      const random = seededRandom(`risk ${apartMs} ${learnt} ${run}`);
      const { tolerance } = DEFAULT_FALSE_PAGE_BUDGET;
      const settings = {
        statistic: 'errors',
        hypothesis: 'risk',
        binary: true,
        seasonal: false,
        tolerance,
        seed: run,
      } as const;
      const stream = new ScoreStream(settings, DEFAULT_FALSE_PAGE_BUDGET);
      let atMs = 1.7e12;
      const add = (share: number, count: number): void => {
        for (let i = 0; i < count; i += 1) stream.add(random.next() < share ? 1 : 0, (atMs += apartMs));
      };
      add(0.13, learnt);
      stream.startMonitoring(200, false);
      expect(stream.isMonitoring).toBe(true);
      add(0.13, 3_000);
      expect(Math.log(stream.value)).toBeLessThan(8);
      add(0.37, within);
      if (Math.log(stream.value) > 12) shown += 1;
    }
    expect(shown).toBeGreaterThanOrEqual(0.9 * RUNS);
  });
});
