import { wholePercent } from '../../domain/quantity-text.js';
import type { RepairHint } from '../../domain/symptoms.js';
import type { NumericCounts } from '../../domain/profile.js';
import { minuteText } from '../../domain/time-text.js';
import { affineChange } from './affine-change.js';
import { categoryRename } from './category-rename.js';
import { defaultValue } from './default-value.js';
import { frozenValue } from './frozen-value.js';
import { logChange } from './log-change.js';
import { offsetChange } from './offset-change.js';
import { quantilePairs, sizeOf, type QuantilePairs, type Values } from './quantile-pairs.js';
import { scaleChange } from './scale-change.js';
import { swappedPair } from './swapped-pair.js';
import { typeChange } from './type-change.js';
import type { Repair, QuantileRepair, Side } from './repair.js';

/** Simplest first. */
const QUANTILE_REPAIRS: readonly QuantileRepair[] = [scaleChange, affineChange, logChange, offsetChange];

/** Differences of fit (R²) that sampling makes: of two so near the simpler one is taken. */
const FIT_TIE = 0.03;

/**
 * The transformation behind each shifted feature, where a simple one fits. Two columns that took each other's place come
 * first: one coincidence instead of two; a value of another type has no distribution to compare. Quantiles are taken from rows where there are any, for counts lose what changed far
 * from where they were fine.
 * @param changed features whose distribution changed
 * @param sinceOf estimated start of a feature's change, null when there is no estimate
 */
export function repairHints(
  changed: readonly string[],
  before: Side,
  now: Side,
  sinceOf: (feature: string) => number | null,
): Map<string, RepairHint> {
  const hints = new Map<string, RepairHint>();
  const pair = swappedPair(changed, before.counts, now.counts);
  for (const feature of changed) {
    const repair =
      typeChange(feature, before, now) ??
      (pair !== null && pair.features.includes(feature) ? swapOf(feature, pair) : repairOf(feature, before, now));
    if (repair !== null) hints.set(feature, hintOf(repair, sinceOf(feature)));
  }
  return hints;
}

function repairOf(feature: string, before: Side, now: Side): Repair | null {
  const was = before.counts.signals.get(`feature:${feature}`);
  const is = now.counts.signals.get(`feature:${feature}`);
  if (was?.kind === 'categorical' && is?.kind === 'categorical') return categoryRename(feature, was, is);
  if (was?.kind !== 'numeric' || is?.kind !== 'numeric') return null;
  const [from, to] = [valuesOf(before, feature, was), valuesOf(now, feature, is)];
  const pairs = quantilePairs(from, to);
  const noise = Math.sqrt(1 / Math.max(1, sizeOf(from)) + 1 / Math.max(1, sizeOf(to)));
  return (
    frozenValue(feature, was, to) ??
    (pairs === null ? null : simplest(feature, pairs, noise)) ??
    defaultValue(feature, was, is)
  );
}

const MIN_ROWS = 60;

function valuesOf({ rows }: Side, feature: string, counts: NumericCounts): Values {
  const numbers = rows.flatMap(({ features }) => {
    const value = features?.[feature];
    return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
  });
  return numbers.length < MIN_ROWS ? counts : numbers;
}

/** The first in the list that fits about as well as the best of them. */
function simplest(feature: string, pairs: QuantilePairs, noise: number): Repair | null {
  const found = QUANTILE_REPAIRS.flatMap((repair) => repair(feature, pairs, noise) ?? []);
  const highest = Math.max(...found.map(({ fit }) => fit));
  return found.find(({ fit }) => fit >= highest - FIT_TIE) ?? null;
}

function swapOf(feature: string, { features, fit }: NonNullable<ReturnType<typeof swappedPair>>): Repair {
  const other = features[0] === feature ? features[1] : features[0];
  return {
    transformation: 'swap',
    parameters: { with: other },
    fit,
    claim: `“${features[0]}” and “${features[1]}” look swapped`,
    basis: `each is distributed as the other was, to within ${wholePercent(1 - fit)}`,
  };
}

function hintOf({ claim, basis, ...repair }: Repair, sinceMs: number | null): RepairHint {
  const since = sinceMs === null ? '' : ` since ${minuteText(sinceMs)}`;
  return { ...repair, sinceMs, sentence: `${claim}${since} (${basis}).` };
}
