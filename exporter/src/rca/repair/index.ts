import type { RepairHint } from '../../domain/evidence.js';
import type { CategoricalCounts, NumericCounts, SignalKey, WindowProfile } from '../../domain/profile.js';
import { affineChange } from './affine-change.js';
import { categoryRename } from './category-rename.js';
import { defaultValue } from './default-value.js';
import { frozenValue } from './frozen-value.js';
import { scaleChange } from './scale-change.js';

/** Looks for one simple transformation of a numeric feature. */
export type NumericRepair = (feature: string, before: NumericCounts, now: NumericCounts) => RepairHint | null;
export type CategoricalRepair = (
  feature: string,
  before: CategoricalCounts,
  now: CategoricalCounts,
) => RepairHint | null;

/** Simplest explanation first: the first that fits is told. */
const NUMERIC_REPAIRS: readonly NumericRepair[] = [frozenValue, scaleChange, affineChange, defaultValue];
const CATEGORICAL_REPAIRS: readonly CategoricalRepair[] = [categoryRename];

/** The transformation behind a shifted feature, when a simple one fits; read off counts. */
export function repairHint(key: SignalKey, baseline: WindowProfile, window: WindowProfile): RepairHint | null {
  const feature = key.replace(/^feature:/, '');
  const before = baseline.signals.get(key);
  const now = window.signals.get(key);
  if (before?.kind === 'numeric' && now?.kind === 'numeric')
    return firstOf(NUMERIC_REPAIRS.map((repair) => repair(feature, before, now)));
  if (before?.kind === 'categorical' && now?.kind === 'categorical') {
    return firstOf(CATEGORICAL_REPAIRS.map((repair) => repair(feature, before, now)));
  }
  return null;
}

const firstOf = (hints: readonly (RepairHint | null)[]): RepairHint | null =>
  hints.find((hint) => hint !== null) ?? null;
