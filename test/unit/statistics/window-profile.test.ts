import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellBounds, cellOf, gridFor } from '../../../exporter/src/statistics/grid.js';
import {
  binCounts,
  missingShare,
  quantileBins,
  summariseNumeric,
} from '../../../exporter/src/statistics/signal-counts.js';
import { foldedCounts, foldRareCategories, isNameable } from '../../../exporter/src/statistics/rare-categories.js';
import { createWindowBuilder, emptyWindow, mergeWindows } from '../../../exporter/src/statistics/window-profile.js';
import { subtractWindows } from '../../../exporter/src/statistics/subtract-windows.js';
import type { FeatureValue, Observation } from '../../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';

function row(features: Record<string, FeatureValue>, confidence: number | null = 0.5, atMs = 1): Observation {
  return {
    atMs,
    source: 'ingest',
    predictionId: null,
    goldenId: null,
    features,
    prediction: 'yes',
    confidence,
    latencySeconds: 0.01,
    failure: null,
    label: null,
    modelVersion: null,
  };
}
/** Every row brings a label too: right when confidence is high, or an error of the size of its age. */
function profileOf(rows: readonly Observation[], like: WindowProfile = emptyWindow()): WindowProfile {
  const builder = createWindowBuilder({ like });
  for (const observation of rows) {
    builder.add(observation);
    const { confidence, features } = observation;
    const age = features?.age;
    if (confidence !== null) {
      builder.addLabel({ kind: 'class', correct: confidence > 0.5, confidenceTenth: Math.min(9, confidence * 10) | 0 });
    }
    if (typeof age === 'number' && Number.isFinite(age)) {
      builder.addLabel({ kind: 'quantity', prediction: age, absoluteError: Math.abs(age) / 7 });
    }
  }
  return builder.build();
}
const numeric = (profile: WindowProfile, feature: string) => {
  const counts = profile.signals.get(`feature:${feature}`);
  if (counts?.kind !== 'numeric') throw new Error(`${feature} is not numeric`);
  return counts;
};
const rows = fc.array(
  fc.record({
    age: fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    country: fc.option(fc.constantFrom('DE', 'FR', 'IT')),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 60 },
);
/** Kinds and grids fixed beforehand, as a baseline lends them. */
const RULER = profileOf([row({ age: 40, country: 'DE' })]);
const toRow = ({
  age,
  country,
  confidence,
}: {
  age: number | null;
  country: string | null;
  confidence: number;
}): Observation => row({ age, country }, confidence);

describe('window profiles', () => {
  it('tell as many values of one feature apart as are asked for; the others count together', () => {
    const builder = createWindowBuilder({}, { categoriesPerFeature: 2, featuresPerModel: 500 });
    for (const country of ['DE', 'FR', 'IT', 'DE', 'ES']) builder.add(row({ country, age: 1 }));
    const { signals } = builder.build();
    expect(signals.get('feature:country')).toMatchObject({
      categories: new Map([
        ['DE', 2],
        ['FR', 1],
      ]),
      other: 2,
    });
  });

  it('count as many features as are asked for, and know the names of the others', () => {
    const builder = createWindowBuilder({}, { categoriesPerFeature: 10, featuresPerModel: 2 });
    for (const name of ['c', 'd', 'c']) builder.add(row({ a: 1, b: 'x', [name]: 1 }));
    expect([...builder.build().signals.keys()].filter((key) => key.startsWith('feature:'))).toEqual([
      'feature:a',
      'feature:b',
    ]);
    expect([...builder.leftOut]).toEqual(['c', 'd']);
    for (let i = 0; i < 2_000; i += 1) builder.add(row({ [`name ${i}`]: 1 }));
    expect(builder.leftOut.size).toBe(1_000);
  });

  it('give identical counts however the stream is split, in any order and grouping', () => {
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        const [pa, pb, pc] = [a, b, c].map((part) => profileOf(part.map(toRow), RULER)) as [
          WindowProfile,
          WindowProfile,
          WindowProfile,
        ];
        const whole = profileOf([...a, ...b, ...c].map(toRow), RULER);
        expect(mergeWindows(mergeWindows(pa, pb), pc)).toEqual(whole);
        expect(mergeWindows(pa, mergeWindows(pb, pc))).toEqual(whole);
        expect(mergeWindows(pb, pa).signals).toEqual(mergeWindows(pa, pb).signals);
        const rest = subtractWindows(whole, mergeWindows(pa, pb));
        expect(rest.calls).toBe(c.length);
        expect(rest.labels).toEqual(pc.labels);
      }),
    );
  });

  it('classify bad data: missing, NaN, infinity, another type, a million categories', () => {
    const profile = profileOf([
      row({ x: 1 }),
      row({ x: NaN }),
      row({ x: Infinity }),
      row({ x: 'text' }),
      row({ x: null }),
    ]);
    expect(numeric(profile, 'x')).toMatchObject({ missing: 1, invalid: 3 });
    const builder = createWindowBuilder();
    for (let i = 0; i < 1_000_000; i += 1) builder.add(row({ id: `user-${i}` }));
    const id = builder.build().signals.get('feature:id');
    if (id?.kind !== 'categorical') throw new Error('id is not categorical');
    expect(id.categories.size).toBeLessThanOrEqual(1_000);
    expect(id.other).toBe(1_000_000 - id.categories.size);
  });

  it('know the kind of a signal only from its first real value, nulls before it included', () => {
    const profile = profileOf([row({ x: null }), row({ x: null }), row({ x: 7 })]);
    expect(missingShare(numeric(profile, 'x'))).toBeCloseTo(2 / 3);
    const again = createWindowBuilder({ like: profileOf([row({ x: null })]) });
    again.add(row({ x: 7 }));
    expect(again.build().signals.get('feature:x')?.kind).toBe('numeric');
  });

  it('keep the magnitude of values far outside the baseline', () => {
    const ordinary = Array.from({ length: 500 }, (_, i) => row({ hours: 20 + (i % 40) }));
    const before = profileOf(ordinary);
    const after = profileOf(
      ordinary.map(({ features }) => row({ hours: Number(features?.hours) * 100 })),
      before,
    );
    const [low, high] = [summariseNumeric(numeric(before, 'hours')), summariseNumeric(numeric(after, 'hours'))];
    expect((high?.mean ?? 0) / (low?.mean ?? 1)).toBeCloseTo(100, 0);
  });

  it('fold categories seen fewer than ten times, unless they were frequent before', () => {
    const profile = profileOf([
      ...Array.from({ length: 12 }, () => row({ c: 'often' })),
      row({ c: 'rare' }),
      row({ c: 'known' }),
    ]);
    const folded = foldRareCategories(profile, new Map([['feature:c', new Set(['known'])]])).signals.get('feature:c');
    expect(folded).toMatchObject({
      other: 1,
      categories: new Map([
        ['often', 12],
        ['known', 1],
      ]),
    });
  });
});

describe('the grid', () => {
  it('puts every number into a cell that holds it, within about 2 % of its distance from the centre', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (x, first) => {
          const grid = gridFor('feature:x', first);
          const [low, high] = cellBounds(grid, cellOf(grid, x));
          const slack = 1e-9 * Math.max(1, Math.abs(x));
          expect(x).toBeGreaterThanOrEqual(low - slack);
          expect(x).toBeLessThanOrEqual(high + slack);
          if (grid.kind === 'asinh')
            expect(high - low).toBeLessThanOrEqual(0.021 * Math.abs(x - grid.centre) + grid.scale);
        },
      ),
    );
  });

  it('does not keep the first value itself', () => {
    const grid = gridFor('feature:income', 733_911.25);
    expect(JSON.stringify(grid)).not.toContain('733911');
  });
});

it('cuts a baseline into at most 64 bins of about equal weight, repeated values in bins of their own', () => {
  const rowsWithAtom = Array.from({ length: 2_000 }, (_, i) => row({ x: i % 2 === 0 ? 40 : 1 + ((i * 7919) % 997) }));
  const counts = numeric(profileOf(rowsWithAtom), 'x');
  const edges = quantileBins(counts, 64);
  const bins = binCounts(counts, edges);
  expect(edges.length).toBeLessThanOrEqual(64);
  expect(bins.reduce((sum, count) => sum + count, 0)).toBe(2_000);
  expect(Math.max(...bins)).toBeGreaterThanOrEqual(1_000);
  expect(bins.filter((count) => count > 100).length).toBe(1);
});

describe('a feature whose values are nearly all different', () => {
  const builder = createWindowBuilder();
  for (let i = 0; i < 400; i += 1)
    builder.add(
      row({
        email: i % 40 === 0 ? 'ada@example.org' : `person-${i}@example.org`,
        city: i % 10 === 0 ? `village ${i}` : (['Berlin', 'Paris', 'Rome'][i % 3] ?? ''),
      }),
    );
  const window = builder.build();

  it('leaves no value in what is stored, not even one that came ten times, nor in its groups', () => {
    const stored = foldRareCategories(window, new Map());
    expect(stored.signals.get('feature:email')).toEqual({
      kind: 'categorical',
      categories: new Map(),
      other: 400,
      missing: 0,
      invalid: 0,
    });
    expect(JSON.stringify([...stored.groups.keys()])).not.toContain('@');
    expect([...stored.groups.values()].reduce((sum, [rows]) => sum + rows, 0)).toBe(
      [...window.groups.values()].reduce((sum, [rows]) => sum + rows, 0),
    );
  });
  it('is told from one with a few frequent values and many rare ones', () => {
    const city = foldRareCategories(window, new Map()).signals.get('feature:city');
    expect(city?.kind === 'categorical' ? [...city.categories.keys()].sort() : null).toEqual([
      'Berlin',
      'Paris',
      'Rome',
    ]);
  });
  it('leaves no new value in what is stored or named, where values that were known before are none of these', () => {
    const known = createWindowBuilder();
    for (let i = 0; i < 100; i += 1) known.add(row({ email: i % 2 === 0 ? 'info@example.org' : 'shop@example.org' }));
    for (const window of [builder, known]) window.add(row({ email: 'info@example.org' }));
    const [before, now] = [known.build(), builder.build()];
    const keep = new Map([['feature:email' as const, new Set(['info@example.org', 'shop@example.org'])]]);
    const stored = foldRareCategories(now, keep, before.groups);
    const email = stored.signals.get('feature:email');
    expect(email?.kind === 'categorical' ? [...email.categories.keys()] : null).toEqual(['info@example.org']);
    const groups = JSON.stringify([...stored.groups.keys()]);
    expect(groups).not.toContain('ada@example.org');
    expect(groups).toContain('Berlin');
    const [was, is] = [before, now].map(({ signals }) => signals.get('feature:email'));
    if (was?.kind !== 'categorical' || is?.kind !== 'categorical') throw new Error('no categories');
    expect(['info@example.org', 'ada@example.org'].map((name) => isNameable(name, was, is))).toEqual([true, false]);
    expect([...foldedCounts(is, was.categories).categories.keys()]).toEqual(['info@example.org']);
  });
  it('keeps the values that were known before', () => {
    const keep = new Map([['feature:email' as const, new Set(['ada@example.org'])]]);
    const email = foldRareCategories(window, keep).signals.get('feature:email');
    expect(email?.kind === 'categorical' ? [...email.categories.keys()] : null).toEqual(['ada@example.org']);
  });
});

it('counts features of a bounded number of names, missing ones too, whatever names come', () => {
  const builder = createWindowBuilder();
  for (let nth = 0; nth < 30; nth += 1)
    builder.add(
      row(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${nth}-${i}`, nth % 2 === 0 ? 1 : null]))),
    );
  expect(builder.build().signals.size).toBeLessThanOrEqual(1_003);
});
