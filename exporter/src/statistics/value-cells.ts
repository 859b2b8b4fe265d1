import { quantileSorted } from 'simple-statistics';
import type { FeatureValue } from '../domain/observation.js';

const TENTHS = 10;

/** Names the cell of a value: the tenth of a number among those of `baseline`, the category itself, or "missing". */
export function valueCells(baseline: readonly FeatureValue[]): (value: FeatureValue) => string {
  const sorted = baseline
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
    .sort((x, y) => x - y);
  const edges =
    sorted.length === 0 ? [] : Array.from({ length: TENTHS - 1 }, (_, k) => quantileSorted(sorted, (k + 1) / TENTHS));
  return (value) => {
    if (value === null) return 'missing';
    return typeof value === 'number' ? `#${edges.filter((edge) => value > edge).length}` : `=${String(value)}`;
  };
}
