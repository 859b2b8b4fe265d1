import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { compareCategorical, isUnseenBeyondChance } from '../../../exporter/src/statistics/compare.js';
import type { CategoricalCounts } from '../../../exporter/src/domain/profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { alarmOf, observation } from '../detection/rows.js';
import { evaluated, failed } from './evaluated-case.js';

/** Rows as of the UCI Adult data: most from one country, and one in ten from one of 200 others. @param times what the age is multiplied by */
function adults(seed: string, count: number, times = 1, newCountries = 0): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const other = random.next() < 0.1 ? `country ${Math.floor(200 * random.next())}` : 'United-States';
    const country = random.next() < newCountries ? `colony ${Math.floor(200 * random.next())}` : other;
    return observation({
      atMs: i + 1,
      features: {
        age: Math.round(times * (17 + 50 * random.next())),
        hours: Math.round(20 + 40 * random.next()),
        country,
      },
      prediction: random.next() < 0.3 ? 'yes' : 'no',
    });
  });
}
const baselineRows = adults('baseline', 500);

describe('a baseline that is too small to have seen every rare category', () => {
  it.each(['a', 'b', 'c', 'd', 'e'])('finds none new in rows like its own, by chance (%s)', (seed) => {
    const { diagnosis } = evaluated({ rows: adults(seed, 1_000), baselineRows });
    expect(diagnosis.findings.filter(({ detector }) => detector === 'unseen-categories')).toEqual([]);
  });

  it('lets no such chance outrank an input in another unit, at any size of the window', () => {
    for (const rows of [200, 500, 1_000, 2_000]) {
      const { diagnosis } = evaluated({ rows: adults('now', rows, 12), baselineRows });
      expect(diagnosis.causes[0]).toMatchObject({ id: 'unit-change', features: ['age'] });
      expect(diagnosis.causes[0]?.probability).toBeGreaterThan(0.9);
      expect(diagnosis.causes.map(({ id }) => id)).not.toContain('new-categories');
    }
  });

  it('finds what is more than chance', () => {
    const { diagnosis } = evaluated({ rows: adults('now', 1_000, 1, 0.2), baselineRows });
    expect(diagnosis.findings.map(({ detector }) => detector)).toContain('unseen-categories');
  });
});

describe('a feature with nearly as many categories as the baseline has rows', () => {
  const withPostcode = (rows: readonly Observation[], of: number): Observation[] => {
    const random = seededRandom(`postcodes ${of}`);
    return rows.map((row) => ({
      ...row,
      features: { ...row.features, postcode: `p${Math.floor(of * random.next())}` },
    }));
  };
  const rows = withPostcode(adults('now', 4_000, 12), 2_000);
  const known = withPostcode(baselineRows, 90_000);

  it.each(['mix', 'unseen'])('is no cause, for what is in it is not checked (%s)', (statistic) => {
    const { diagnosis } = evaluated({ rows, baselineRows: known, evidence: alarmOf('feature:postcode', statistic) });
    expect(diagnosis.blindSpots.map(({ check }) => check)).toContain('drift of “postcode”');
    expect(diagnosis.causes[0]).toMatchObject({ id: 'unit-change', features: ['age'] });
    expect(JSON.stringify([diagnosis.causes, diagnosis.findings])).not.toContain('postcode');
  });

  it('is one where it is missing', () => {
    const lost = withPostcode(adults('now', 4_000), 2_000).map((row, i) =>
      i % 2 === 0 ? row : { ...row, features: { ...row.features, postcode: null } },
    );
    const { diagnosis } = evaluated({
      rows: lost,
      baselineRows: known,
      evidence: alarmOf('feature:postcode', 'missing'),
    });
    expect(diagnosis.causes[0]).toMatchObject({ id: 'null-flood', features: ['postcode'] });
  });
});

it('expects of a baseline the share of what it saw once, as Good says', () => {
  const counts = (names: Readonly<Record<string, number>>): CategoricalCounts => ({
    kind: 'categorical',
    categories: new Map(Object.entries(names)),
    other: 0,
    missing: 0,
    invalid: 0,
  });
  const once = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`once ${i}`, 1]));
  const now = counts({ usual: 978, new: 22 });
  const few = compareCategorical(counts({ usual: 500 }), now);
  const many = compareCategorical(counts({ usual: 490, ...once }), now);
  expect(few.overlookedShare).toBeCloseTo(3 / 500, 3);
  expect(many.overlookedShare).toBeGreaterThan(0.02);
  expect([few, many].map((one) => isUnseenBeyondChance(one, 0.01))).toEqual([true, false]);
});

describe.each([
  ['told by the rows it logs', 0, 25],
  ['told by those after a restart, which keeps counts and no rows', 2_000, 25],
  ['told by probes, which are no rows where a model logs its own', 0, 0],
  ['told so after a restart', 2_000, 0],
])('a model that is down while an input drifts, %s', (_, gone, logged) => {
  const refused = Array.from({ length: 25 }, (_refused, i) => ({ ...failed('connect'), atMs: 3_000 + i }));
  const rows = [...adults('now', 2_000, 12), ...refused.slice(0, logged)];
  const { diagnosis, explanation } = evaluated({
    rows,
    rowsInMemory: rows.slice(gone),
    baselineRows,
    consecutiveFailures: 25,
  });

  it('is told as down, as badly as it is', () => {
    expect(diagnosis.causes[0]?.id).toBe('model-unreachable');
    expect(diagnosis.causes[0]?.probability).toBeGreaterThan(0.9);
    expect(diagnosis.severity).toBe('critical');
    expect(diagnosis.unexplained).toContain('“age”');
  });

  it('is not said to answer', () => {
    const said = JSON.stringify([diagnosis.causes, diagnosis.findings, explanation]);
    expect(said).not.toMatch(
      /calls (were|are) answered|Every call|failure of another kind|its responses cannot be used/,
    );
    expect(diagnosis.causes[0]?.supporting[0]?.text).toMatch(/^None of the (last )?25 calls was answered\.$/);
  });
});
