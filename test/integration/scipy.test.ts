import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anomalyScores, growForest } from '../../exporter/src/detection/isolation-forest/forest.js';
import { brownForsythe } from '../../exporter/src/statistics/brown-forsythe.js';
import { chiSquaredTest } from '../../exporter/src/statistics/chi-squared.js';
import { clopperPearsonUpper } from '../../exporter/src/statistics/clopper-pearson.js';
import { jensenShannonDistance } from '../../exporter/src/statistics/jensen-shannon.js';
import { kolmogorovSmirnov } from '../../exporter/src/statistics/kolmogorov-smirnov.js';
import { wasserstein } from '../../exporter/src/statistics/wasserstein.js';
import { welchTest } from '../../exporter/src/statistics/welch.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { streams } from '../accuracy/streams.js';
import { MAY_SKIP, PYTHON } from './servers/python-server.js';

interface Case {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly before: readonly number[];
  readonly now: readonly number[];
  readonly k: number;
  readonly n: number;
}
type Pair = readonly [statistic: number, pValue: number];
interface Answer {
  readonly ks: Pair;
  readonly welch: Pair;
  readonly brownForsythe: Pair;
  readonly wasserstein: number;
  readonly chiSquared: Pair;
  readonly jensenShannon: number;
  readonly clopperPearsonUpper: number;
}
interface Rows {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** New cases every day, the same all day, so that a failure can be run again. */
const DAY = new Date().toISOString().slice(0, 10);
const CASES = 500;

function randomCase(index: number): Case {
  const random = seededRandom(`${DAY} ${index}`);
  const whole = (low: number, high: number): number => low + Math.floor(random.next() * (high - low + 1));
  const shift = random.next() * 2;
  const scale = 0.5 + 2 * random.next();
  const ties = random.next() < 0.3;
  const draw = (): number => {
    const value = Math.tan(1.4 * (random.next() - 0.5)) * scale;
    return ties ? Math.round(2 * value) / 2 : value;
  };
  const n = whole(20, 500);
  return {
    x: Array.from({ length: whole(5, 80) }, draw),
    y: Array.from({ length: whole(5, 80) }, () => draw() + shift),
    before: Array.from({ length: whole(2, 8) }, () => whole(5, 200)),
    now: [],
    k: whole(0, n - 1),
    n,
  };
}

const moments = (values: readonly number[]): { samples: number; mean: number; variance: number } => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    samples: values.length,
    mean,
    variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1),
  };
};
const weighted = (values: readonly number[]): { at: number; weight: number }[] =>
  values.map((at) => ({ at, weight: 1 }));

/** Anomalies of four shapes among 900 ordinary rows. */
function forestData(kind: number): Rows {
  const source = streams(kind + 1);
  const ordinary = Array.from({ length: 900 }, () => {
    const a = source.normal();
    return [a, 0.6 * a + 0.8 * source.normal(), Math.exp(0.5 * source.normal()), source.uniform()];
  });
  const strange = Array.from({ length: 50 }, () => {
    if (kind === 0) return [5 + source.normal(), -4 + source.normal(), 1, 0.5];
    if (kind === 1) return [source.normal(), source.normal(), 8 + source.normal(), source.uniform()];
    if (kind === 2) return [3 * source.normal(), 3 * source.normal(), Math.exp(source.normal()), source.uniform()];
    const a = 1.5 * source.normal();
    return [a, -a, 1, 3 * source.uniform() - 1];
  });
  return { rows: [...ordinary, ...strange], labels: [...ordinary.map(() => 0), ...strange.map(() => 1)] };
}

function areaUnderCurve(scores: readonly number[], labels: readonly number[]): number {
  const strange = scores.filter((_, i) => labels[i] === 1);
  const ordinary = scores.filter((_, i) => labels[i] === 0);
  let wins = 0;
  for (const high of strange) for (const low of ordinary) wins += high > low ? 1 : high === low ? 0.5 : 0;
  return wins / (strange.length * ordinary.length);
}

describe.skipIf(PYTHON === null && MAY_SKIP)('agreement with SciPy and scikit-learn', () => {
  const cases = Array.from({ length: CASES }, (_, i) => randomCase(i)).map((each, i) => {
    const random = seededRandom(`${DAY} now ${i}`);
    return { ...each, now: each.before.map((count) => Math.max(1, Math.round(count * (0.5 + random.next())))) };
  });
  const forests = [0, 1, 2, 3].map(forestData);
  const python = spawnSync(PYTHON ?? 'python3', [join(import.meta.dirname, 'servers', 'scipy_reference.py')], {
    input: JSON.stringify({ cases, forests }),
    encoding: 'utf8',
    maxBuffer: 1e9,
  });

  test(`${CASES} random cases of ${DAY}`, () => {
    expect(python.stderr).toBe('');
    const { answers } = JSON.parse(python.stdout) as { answers: readonly Answer[] };
    answers.forEach((answer, i) => {
      const { x, y, before, now, k, n } = cases[i] ?? randomCase(i);
      const close = (ours: number, theirs: number, tolerance: number, what: string): void => {
        expect(Math.abs(ours - theirs), `${what} of case ${i}: ${ours} and ${theirs}`).toBeLessThanOrEqual(
          tolerance * Math.max(1, Math.abs(theirs)),
        );
      };
      const ks = kolmogorovSmirnov(x, y);
      close(ks.statistic, answer.ks[0], 1e-9, 'KS statistic');
      close(ks.pValue, answer.ks[1], 1e-6, 'KS p');
      const welch = welchTest(moments(x), moments(y));
      close(welch.statistic, answer.welch[0], 1e-9, 'Welch t');
      close(welch.pValue, answer.welch[1], 1e-9, 'Welch p');
      const spread = brownForsythe(weighted(x), weighted(y));
      close(spread.statistic, answer.brownForsythe[0], 1e-9, 'Brown–Forsythe F');
      close(spread.pValue, answer.brownForsythe[1], 1e-9, 'Brown–Forsythe p');
      close(wasserstein(x, y), answer.wasserstein, 1e-9, 'Wasserstein');
      const chi = chiSquaredTest(before, now);
      close(chi.statistic, answer.chiSquared[0], 1e-9, 'χ²');
      close(chi.pValue, answer.chiSquared[1], 1e-9, 'χ² p');
      close(jensenShannonDistance(before, now), answer.jensenShannon, 1e-9, 'Jensen–Shannon');
      close(clopperPearsonUpper(k, n, 0.05), answer.clopperPearsonUpper, 1e-9, 'Clopper–Pearson');
    });
    expect(answers).toHaveLength(CASES);
  });

  test('the isolation forest ranks anomalies as scikit-learn does, AUC within 0.02', () => {
    const { forests: theirs } = JSON.parse(python.stdout) as { forests: readonly number[] };
    forests.forEach(({ rows, labels }, i) => {
      const areas = [1, 2, 3].map((seed) =>
        areaUnderCurve(
          anomalyScores(growForest(rows, seededRandom(seed), { trees: 100, sampleSize: 256 }), rows),
          labels,
        ),
      );
      const ours = areas.reduce((sum, area) => sum + area, 0) / areas.length;
      process.stdout.write(
        `    anomalies of kind ${i}: AUC ${ours.toFixed(3)}, scikit-learn ${(theirs[i] ?? NaN).toFixed(3)}\n`,
      );
      expect(Math.abs(ours - (theirs[i] ?? NaN))).toBeLessThanOrEqual(0.02);
    });
  });
});
