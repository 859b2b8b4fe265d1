import { describe, expect, it, test } from 'vitest';
import type { FeatureValue, Observation } from '../../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import type { Random } from '../../../exporter/src/domain/ports.js';
import { repairHints } from '../../../exporter/src/rca/repair/index.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { normal, observation, profileOf } from '../detection/rows.js';
import { evaluated, rowsOf } from './evaluated-case.js';

type Draw = (random: Random) => number;
const exponential =
  (mean: number): Draw =>
  (random) =>
    -mean * Math.log(1 - random.next());

/** Shapes of features as they occur: amounts, ages, temperatures, durations, scores, counts. */
const POPULATIONS: Readonly<Record<string, Draw>> = {
  income: (random) => Math.exp(10 + 0.6 * normal(random)),
  age: (random) => Math.max(18, 40 + 12 * normal(random)),
  temperature: (random) => 18 + 6 * normal(random),
  duration: exponential(30),
  score: (random) => 0.05 + 0.9 * random.next(),
  visits: (random) => Math.round(exponential(6)(random)) + 1,
};
const BASELINE = 1_000;
const WINDOW = 200;
const AT = Date.UTC(2026, 10, 24, 14, 5);

const rowsWith = (count: number, features: (i: number) => Record<string, FeatureValue>): Observation[] =>
  Array.from({ length: count }, (_, i) => observation({ atMs: i, features: features(i) }));

const sideOf = (rows: readonly Observation[], like?: WindowProfile) => ({ counts: profileOf(rows, like), rows });

/** The hint for one feature drawn from `before` in the baseline and from `now` in the window. */
function hintFor(
  before: (random: Random) => FeatureValue,
  now: (random: Random) => FeatureValue,
  seed: string,
  rows = WINDOW,
) {
  const random = seededRandom(seed);
  const was = sideOf(rowsWith(BASELINE, () => ({ x: before(random) })));
  const is = sideOf(
    rowsWith(rows, () => ({ x: now(random) })),
    was.counts,
  );
  return repairHints(['x'], was, is, () => AT).get('x') ?? null;
}

interface Fault {
  readonly name: string;
  readonly of: (x: number) => number;
  readonly populations: readonly string[];
  readonly window?: number;
  readonly expected: {
    readonly transformation: string;
    readonly parameters: Readonly<Record<string, number | string>>;
  };
}
const fault = (
  name: string,
  of: (x: number) => number,
  populations: readonly string[],
  transformation: string,
  parameters: Readonly<Record<string, number | string>>,
): Fault => ({ name, of, populations, expected: { transformation, parameters } });

const ALL = Object.keys(POPULATIONS);
const FAULTS: readonly Fault[] = [
  fault('× 100', (x) => 100 * x, ALL, 'scale', { factor: 100 }),
  fault('÷ 1,000', (x) => x / 1_000, ALL, 'scale', { factor: 1 / 1_000 }),
  fault('hours as seconds', (x) => 3_600 * x, ALL, 'scale', { factor: 3_600 }),
  fault('metres as feet', (x) => x / 0.3048, ['income', 'age', 'duration', 'score'], 'scale', { factor: 1 / 0.3048 }),
  // So small a factor is told from drift in many rows only.
  { ...fault('inches as centimetres', (x) => 2.54 * x, ['age', 'score'], 'scale', { factor: 2.54 }), window: 1_500 },
  fault('another sign', (x) => -x, ['income', 'age', 'duration', 'score', 'visits'], 'scale', { factor: -1 }),
  fault('°C as °F', (x) => 1.8 * x + 32, ['temperature'], 'affine', { slope: 1.8, offset: 32 }),
  fault('°C as K', (x) => x + 273.15, ['temperature'], 'affine', { slope: 1, offset: 273.15 }),
  fault('another origin', (x) => x + 1_900, ['age', 'temperature', 'visits'], 'offset', { offset: 1_900 }),
  fault('ln', Math.log, ['income'], 'log', { function: 'ln', direction: 'applied' }),
  // Of small numbers ln x and ln(1 + x) are much alike; that it is a logarithm shows all the same.
  fault('ln of small numbers', Math.log, ['age', 'duration'], 'log', { direction: 'applied' }),
  fault('log10', Math.log10, ['income', 'age', 'duration'], 'log', { function: 'log10', direction: 'applied' }),
  { ...fault('ln(1 + x)', Math.log1p, ['duration', 'visits'], 'log', { direction: 'applied' }), window: 400 },
  fault('exp', Math.exp, ['temperature', 'score'], 'log', { direction: 'undone' }),
  fault('10^x', (x) => 10 ** x, ['temperature', 'score'], 'log', { function: 'log10', direction: 'undone' }),
];

const SEEDS = 20;

describe('transformations behind a shifted number', () => {
  test.each(FAULTS.flatMap((each) => each.populations.map((population) => ({ ...each, population }))))(
    'finds $name in $population in at least 17 of 20 windows',
    ({ of, population, expected, name, window = WINDOW }) => {
      const draw = POPULATIONS[population] ?? (() => 0);
      const found = Array.from({ length: SEEDS }, (_, i) =>
        hintFor(draw, (r) => of(draw(r)), `${name}/${population}/${i}`, window),
      );
      const right = found.filter(
        (hint) =>
          hint?.transformation === expected.transformation &&
          Object.entries(expected.parameters).every(([key, value]) => {
            const told = hint.parameters[key];
            if (typeof value === 'string' || typeof told !== 'number') return told === value;
            // An origin is estimated, a conversion is recognised.
            return Math.abs(told - value) <= (expected.transformation === 'offset' ? 0.01 : 1e-9) * Math.abs(value);
          }),
      );
      expect(right.length, found.map((hint) => hint?.sentence ?? 'nothing').join('\n')).toBeGreaterThanOrEqual(17);
    },
  );

  it('says what the values look like, since when and on what grounds', () => {
    const draw = POPULATIONS['income'] ?? (() => 0);
    const hint = hintFor(draw, (random) => 100 * draw(random), 'sentence');
    expect(hint?.sentence).toMatch(
      /^“x” looks multiplied by 100 since 2026-11-24 14:05 UTC \(R² 0\.9\d\d over matched quantiles\)\.$/,
    );
    expect(hint?.sinceMs).toBe(AT);
    const feet = hintFor(draw, (random) => draw(random) / 0.3048, 'feet');
    expect(feet?.sentence).toContain('the factor between metres and feet');
  });

  it('knows binary prefixes, and names both where too few values tell 1024 from 1000', () => {
    const times = (factor: number, spread: number) => {
      const draw: Draw = (random) => 300 + spread * normal(random);
      return hintFor(draw, (random) => factor * draw(random), `prefix ${factor}`)?.sentence;
    };
    expect(times(1_024, 6)).toMatch(/^“x” looks multiplied by 1024 since .* the factor between binary prefixes/);
    expect(times(1_000, 6)).toMatch(/^“x” looks multiplied by 1000 since (?!.*(binary|which))/);
    expect(times(1 / 1_024, 6)).toMatch(/^“x” looks divided by 1024 since/);
    for (const factor of [1_000, 1_024])
      expect(times(factor, 100)).toMatch(/^“x” looks multiplied by 1000 or 1024 since .*too few values to tell which/);
  });
});

/** Ways a population moves by itself: nobody's mistake, so nothing to repair. */
const DRIFTS: readonly ((draw: Draw, random: Random) => (rowRandom: Random) => number)[] = [
  // The level moves, up to two standard deviations.
  (draw, random) => {
    const sample = Array.from({ length: 200 }, () => draw(random));
    const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
    const spread = Math.sqrt(sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length);
    const shift = (0.3 + 1.7 * random.next()) * spread * (random.next() < 0.5 ? -1 : 1);
    return (row) => draw(row) + shift;
  },
  // Amounts and durations grow or shrink by up to a half or double.
  (draw, random) => {
    const factor = Math.exp((random.next() - 0.5) * 2 * Math.log(2));
    return (row) => draw(row) * factor;
  },
  // Another part of the population comes: the upper or the lower half more often.
  (draw, random) => {
    const up = random.next() < 0.5;
    return (row) => {
      const [a, b] = [draw(row), draw(row)];
      return up ? Math.max(a, b) : Math.min(a, b);
    };
  },
  // A second group joins.
  (draw, random) => {
    const share = 0.2 + 0.5 * random.next();
    const factor = 0.4 + 2 * random.next();
    return (row) => (row.next() < share ? factor * draw(row) : draw(row));
  },
  // The spread grows.
  (draw, random) => {
    const width = 1.3 + random.next();
    const centre = draw(random);
    return (row) => centre + width * (draw(row) - centre);
  },
];

describe('natural drift', () => {
  test.each(ALL)('of %s is called a transformation in at most one window of 25', (population) => {
    const draw = POPULATIONS[population] ?? (() => 0);
    const told: string[] = [];
    // A count is moved by a factor or by other people coming, not by a shift that would pile it up at its smallest value.
    const drifts = population === 'visits' ? DRIFTS.slice(1, 4) : DRIFTS;
    const windows = 250;
    for (let i = 0; i < windows; i += 1) {
      const seed = `${population}/drift/${i}`;
      const drift = (drifts[i % drifts.length] ?? (() => draw))(draw, seededRandom(`${seed}/how`));
      // Counts stay whole numbers however they drift.
      const whole = population === 'visits' ? (x: number) => Math.max(1, Math.round(x)) : (x: number) => x;
      const hint = hintFor(draw, (row) => whole(drift(row)), seed);
      if (hint !== null) told.push(`${i % drifts.length}: ${hint.sentence}`);
    }
    expect(told.length / windows, told.join('\n')).toBeLessThanOrEqual(0.04);
  });

  it('is never a transformation when nothing drifted', () => {
    for (const [name, draw] of Object.entries(POPULATIONS))
      for (let i = 0; i < 40; i += 1) expect(hintFor(draw, draw, `${name}/quiet/${i}`)).toBeNull();
  });
});

describe('categories, columns and defaults', () => {
  const country: (random: Random) => string = (random) =>
    ['DE', 'FR', 'Côte d’Ivoire', 'ES'][Math.floor(4 * random.next() ** 1.5)] ?? 'DE';

  it('maps every renamed category, by spelling where it tells and by share where it does not', () => {
    const names: Readonly<Record<string, string>> = { DE: 'de', FR: 'fr ', 'Côte d’Ivoire': 'COTE D’IVOIRE', ES: '34' };
    for (let i = 0; i < SEEDS; i += 1) {
      const hint = hintFor(country, (random) => names[country(random)] ?? '', `rename/${i}`);
      expect(hint).toMatchObject({ transformation: 'rename', parameters: names });
      expect(hint?.sentence).toContain('and 1 more since 2026-11-24 14:05 UTC (100 % of the baseline');
    }
  });

  it('does not call a new mix of the same categories, or one more category, a rename', () => {
    for (let i = 0; i < 100; i += 1) {
      const flipped: (random: Random) => string = (random) => (random.next() < 0.4 ? 'ES' : country(random));
      const joined: (random: Random) => string = (random) => (random.next() < 0.3 ? 'PT' : country(random));
      expect(hintFor(country, flipped, `mix/${i}`)).toBeNull();
      expect(hintFor(country, joined, `new/${i}`)).toBeNull();
    }
  });

  it('does not call a rare category that is missing by chance renamed, where nothing came in its place', () => {
    for (let i = 0; i < 100; i += 1) {
      const rare: (random: Random) => string = (random) => (random.next() < 0.02 ? 'PT' : country(random));
      const without: (random: Random) => string = (random) => (random.next() < 0.3 ? `id-${i}` : country(random));
      expect(hintFor(rare, without, `rare/${i}`)).toBeNull();
    }
  });

  it('names both columns of a swapped pair, and no conversion for either', () => {
    const { age = () => 0, income = () => 0 } = POPULATIONS;
    for (let i = 0; i < SEEDS; i += 1) {
      const random = seededRandom(`swap/${i}`);
      const both = (swapped: boolean): Record<string, number> => {
        const [a, b] = [age(random), income(random)];
        return swapped ? { age: b, income: a } : { age: a, income: b };
      };
      const baseline = sideOf(rowsWith(BASELINE, () => both(false)));
      const window = sideOf(
        rowsWith(WINDOW, () => both(true)),
        baseline.counts,
      );
      const hints = repairHints(['age', 'income'], baseline, window, () => null);
      expect(hints.get('age')).toMatchObject({ transformation: 'swap', parameters: { with: 'income' } });
      expect(hints.get('income')?.sentence).toMatch(
        /^“age” and “income” look swapped \(each is distributed as the other was/,
      );
    }
  });

  it('finds a default that fills in', () => {
    const { age = () => 0 } = POPULATIONS;
    for (let i = 0; i < SEEDS; i += 1) {
      const hint = hintFor(age, (random) => (random.next() < 0.5 ? 40 : age(random)), `default/${i}`);
      expect(hint?.transformation).toBe('default-value');
    }
  });
});

it('tells the hint in the diagnosis and in the report', () => {
  const rows = rowsOf('now', 400).map((row) => ({
    ...row,
    features: { ...row.features, n1: Math.log10(Math.max(1, Number(row.features?.['n1']))) },
  }));
  const { diagnosis, explanation } = evaluated({ rows });
  expect(diagnosis.repairs).toMatchObject([{ feature: 'n1', transformation: 'log', sinceMs: null }]);
  const told = [explanation.headline, ...explanation.paragraphs].join(' ');
  expect(told.split('“n1” looks replaced by its logarithm to base 10')).toHaveLength(2);
  expect(explanation.summary).not.toContain('R²');
});
