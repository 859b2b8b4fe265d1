import { expect, test } from 'vitest';
import type { Features } from '../../../exporter/src/domain/observation.js';
import { FeatureThinning } from '../../../exporter/src/monitoring/feature-thinning.js';
import { observation } from '../detection/rows.js';

const full: Features = Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`f${k}`, k]));
const empty: Features = {};

/** Rows whose features are looked at, by whether they are full. */
function taken(batch: readonly Features[]): { readonly full: number; readonly empty: number } {
  const thinning = new FeatureThinning();
  thinning.begin(batch.map((features) => observation({ features })));
  const looked = batch.filter(() => thinning.takesNext(500));
  const ofFull = looked.filter((features) => features === full).length;
  return { full: ofFull, empty: looked.length - ofFull };
}

test('ordinary batches, a half-empty one too, are looked at whole', () => {
  expect(taken(Array.from({ length: 2_000 }, () => full))).toEqual({ full: 2_000, empty: 0 });
  const half = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? full : empty));
  expect(taken(half)).toEqual({ full: 1_000, empty: 1_000 });
});

test('of thousands of empty rows a tenth is drawn, and all of a small batch', () => {
  const { empty: many } = taken(Array.from({ length: 10_000 }, () => empty));
  expect(many).toBeGreaterThan(700);
  expect(many).toBeLessThan(1_300);
  expect(taken(Array.from({ length: 20 }, () => empty))).toEqual({ full: 0, empty: 20 });
});

test('rows are drawn by chance, not by what is in them', () => {
  const mixed = Array.from({ length: 20_000 }, (_, i) => (i % 20 === 0 ? full : empty));
  const drawn = taken(mixed);
  expect(drawn.full + drawn.empty).toBeLessThan(12_000);
  expect(drawn.full / (drawn.full + drawn.empty)).toBeCloseTo(0.05, 1.5);
});
