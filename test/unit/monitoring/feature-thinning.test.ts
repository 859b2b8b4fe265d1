import { expect, test } from 'vitest';
import type { Features } from '../../../exporter/src/domain/observation.js';
import { FeatureThinning } from '../../../exporter/src/monitoring/feature-thinning.js';

const full: Features = Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`f${k}`, k]));
const empty: Features = {};

/** Rows whose features are looked at, by whether they are full. */
function taken(rows: readonly Features[]): { readonly full: number; readonly empty: number } {
  const thinning = new FeatureThinning();
  const looked = rows.filter((features) => thinning.takes({ features }, 500));
  const ofFull = looked.filter((features) => features === full).length;
  return { full: ofFull, empty: looked.length - ofFull };
}

test('ordinary traffic, of which half is empty too, is looked at whole', () => {
  expect(taken(Array.from({ length: 2_000 }, () => full))).toEqual({ full: 2_000, empty: 0 });
  const half = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? full : empty));
  expect(taken(half)).toEqual({ full: 1_000, empty: 1_000 });
});

test('the first empty rows after full ones are looked at, and of thousands a tenth', () => {
  expect(taken([full, ...Array.from({ length: 100 }, () => empty)])).toEqual({ full: 1, empty: 100 });
  const { empty: many } = taken([full, ...Array.from({ length: 20_000 }, () => empty)]);
  expect(many).toBeGreaterThan(1_600);
  expect(many).toBeLessThan(3_000);
});

test('rows are drawn by chance, not by what is in them', () => {
  const mixed = Array.from({ length: 40_000 }, (_, i) => ((i * 7_919) % 20 === 0 ? full : empty));
  const drawn = taken(mixed);
  expect(drawn.full + drawn.empty).toBeLessThan(22_000);
  expect(drawn.full / (drawn.full + drawn.empty)).toBeGreaterThan(0.04);
  expect(drawn.full / (drawn.full + drawn.empty)).toBeLessThan(0.06);
});
