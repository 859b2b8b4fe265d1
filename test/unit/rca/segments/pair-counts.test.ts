import { expect, test } from 'vitest';
import { groupKey } from '../../../../exporter/src/statistics/group-counts.js';
import { foldRareCategories } from '../../../../exporter/src/statistics/rare-categories.js';
import { subtractWindows } from '../../../../exporter/src/statistics/subtract-windows.js';
import { mergeWindows } from '../../../../exporter/src/statistics/window-profile.js';
import type { FeatureValue, Observation } from '../../../../exporter/src/domain/observation.js';
import { segmentsFromCounts } from '../../../../exporter/src/rca/segments/pair-counts.js';
import { windowCodec } from '../../../../exporter/src/store/codecs/profile.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { observation, profileOf } from '../../detection/rows.js';
import { failed, evaluated, rowsOf } from '../evaluated-case.js';

type Row = Readonly<Record<'country' | 'plan', string>>;
interface World {
  readonly seed: string;
  readonly failing?: (row: Row) => number;
  readonly fall?: (row: Row) => number;
  readonly wrong?: (row: Row) => number;
}

function traffic(
  rows: number,
  { seed, failing = () => 0.02, fall = () => 0, wrong = () => 0.1 }: World,
): Observation[] {
  const random = seededRandom(seed);
  const failure = { reason: 'http_5xx', detail: '', httpStatus: 503, retryAfterMs: null } as const;
  return Array.from({ length: rows }, (_, atMs) => {
    const row = {
      country: ['DE', 'FR', 'IT', 'ES'][Math.floor(4 * random.next())] ?? 'DE',
      plan: random.next() < 0.5 ? 'free' : 'paid',
    };
    const features: Record<string, FeatureValue> = { ...row, age: 20 + 60 * random.next(), isNew: random.next() < 0.3 };
    const confidence = 0.8 + 0.1 * (random.next() - 0.5) - fall(row);
    const isWrong = random.next() < wrong(row);
    return random.next() < failing(row)
      ? observation({ atMs, features, failure, prediction: null, confidence: null })
      : observation({ atMs, features, confidence, label: isWrong ? 'no' : 'yes' });
  });
}
const BASELINE = profileOf(traffic(2_000, { seed: 'baseline' }));
const found = (world: World, rows = 1_000) =>
  segmentsFromCounts(BASELINE.groups, profileOf(traffic(rows, world), BASELINE).groups);

test('finds the category whose calls fail, from counts alone', () => {
  const [first, ...others] = found({ seed: 'outage', failing: ({ country }) => (country === 'ES' ? 0.6 : 0.02) });
  expect(first).toMatchObject({ predicate: 'country = ES', measure: 'errors', method: 'pair-counts', confirmed: null });
  expect(first?.contribution).toBeGreaterThan(0.9);
  expect(Math.abs(first?.restChange ?? 1)).toBeLessThan(0.02);
  expect(others.filter(({ measure }) => measure === 'errors')).toEqual([]);
});

test('names no group of nearly all calls because the few others were spared by chance', () => {
  const evenly = (seed: string, share: number): Observation[] => {
    const random = seededRandom(seed);
    return traffic(200, { seed, failing: () => share }).map((row) => ({
      ...row,
      features: { ending: random.next() < 0.05 ? 'none' : 'full stop' },
    }));
  };
  const before = profileOf(Array.from({ length: 6 }, (_, i) => evenly(`before ${i}`, 0)).flat());
  const named = Array.from({ length: 1_000 }, (_, i) => {
    const now = profileOf(evenly(`now ${i}`, 0.3), before);
    return segmentsFromCounts(before.groups, now.groups).filter(({ measure }) => measure === 'errors').length;
  });
  expect(named.filter((groups) => groups > 0).length).toBeLessThanOrEqual(10);
});

test('finds the pair that lost confidence, and the pair that got wrong', () => {
  const isHit = ({ country, plan }: Row): boolean => country === 'DE' && plan === 'paid';
  const confidence = found({ seed: 'pair', fall: (row) => (isHit(row) ? 0.35 : 0) });
  expect(confidence.map(({ predicate, measure }) => [predicate, measure])).toEqual([
    ['country = DE and plan = paid', 'confidence'],
  ]);
  expect(confidence[0]?.before).toBeCloseTo(0.8, 1);
  expect(confidence[0]?.now).toBeCloseTo(0.45, 1);
  const accuracy = found({ seed: 'flip', wrong: (row) => (isHit(row) ? 0.9 : 0.1) });
  expect(accuracy.map(({ predicate, measure }) => [predicate, measure])).toEqual([
    ['country = DE and plan = paid', 'accuracy'],
  ]);
});

test('names nothing when nothing changed or all changed alike: at most 3 of 100 windows, 1 % per measure', () => {
  let named = 0;
  for (let i = 0; i < 100; i += 1) {
    const [failing, fall] = i % 2 === 0 ? [0.02, 0] : [0.3, 0.3];
    named += Number(found({ seed: `quiet ${i}`, failing: () => failing, fall: () => fall }, 400).length > 0);
  }
  expect(named).toBeLessThanOrEqual(3);
});

test('the counts survive storage, add and subtract exactly, and hold no rare value', () => {
  const parts = [0, 1, 2].map((i) => profileOf(traffic(300, { seed: `part ${i}` }), BASELINE));
  const [a, b, c] = parts;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three parts');
  const sum = mergeWindows(a, mergeWindows(b, c));
  expect(mergeWindows(mergeWindows(c, a), b).groups).toEqual(sum.groups);
  expect(subtractWindows(sum, mergeWindows(b, c)).groups).toEqual(a.groups);
  expect(windowCodec.decode(windowCodec.encode(sum))).toEqual(sum);

  const people = profileOf(
    traffic(60, { seed: 'people' }).map((row, i) => ({
      ...row,
      features: { ...row.features, name: `person ${i % 7}` },
    })),
  );
  const stored = foldRareCategories(people, new Map());
  expect(JSON.stringify([...people.groups])).toContain('person');
  expect(JSON.stringify([...stored.groups])).not.toContain('person');
  const rowsOf = (window: typeof people): number =>
    [...window.groups].reduce(
      (all, [key, [rows]]) => all + (key.startsWith('[["name"') && key.split('",').length === 2 ? rows : 0),
      0,
    );
  expect(rowsOf(stored)).toBe(60);
  const often = groupKey([['plan', '=paid']]);
  expect(stored.groups.get(often)).toEqual(people.groups.get(often));
});

test('counts at most six categorical features and eight values of each; numbers are left out', () => {
  const rows = Array.from({ length: 500 }, (_, i) =>
    observation({
      features: { n: i, ...Object.fromEntries(Array.from({ length: 9 }, (__, f) => [`c${f}`, `v${i % (f + 8)}`])) },
    }),
  );
  const { groups } = profileOf(rows);
  const names = new Set(
    [...groups.keys()].flatMap((key) => (JSON.parse(key) as [string, string][]).map(([name]) => name)),
  );
  expect([...names].sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
  expect(groups.size).toBeLessThanOrEqual(6 * 9 + 15 * 81);
  const values = [...groups.keys()].flatMap((key) => {
    const [[name, value] = ['', ''], second] = JSON.parse(key) as [string, string][];
    return name === 'c5' && second === undefined ? [value] : [];
  });
  expect(values).toHaveLength(9);
  expect(values).toContain('other');
});

test('after a restart, without the baseline’s rows, the failing group is still named, and what cannot be redone is said', () => {
  const rows = rowsOf('now', 400).map((row) =>
    row.features?.['c2'] === 'b' ? { ...failed('http_5xx'), features: row.features } : row,
  );
  const { symptoms, diagnosis } = evaluated({ rows, withBaselineRows: false });
  expect(symptoms.segments[0]).toMatchObject({ predicate: 'c2 = b', measure: 'errors', method: 'pair-counts' });
  expect(symptoms.differential.failuresBySegment).toMatchObject({ predicate: 'c2 = b', contribution: 1 });
  expect(diagnosis.causes[0]).toMatchObject({ id: 'segment-outage', segments: ['c2 = b'] });
  expect(diagnosis.blindSpots.map(({ check }) => check).join(' ')).toContain('segments by numbers');
});
