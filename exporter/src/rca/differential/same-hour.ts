import { compareCategorical, compareNumeric } from '../../statistics/compare.js';
import { createWindowBuilder } from '../../statistics/window-profile.js';
import type { Differential } from '../../domain/differential.js';
import type { Observation } from '../../domain/observation.js';
import type { SignalCounts, WindowProfile } from '../../domain/profile.js';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const MIN_ROWS = 100;
/** Hours that hold more of the baseline than this are no particular hours. */
const MAX_SHARE_OF_BASELINE = 0.75;
/** Rows this much older than the window's first are of another day. */
const ANOTHER_DAY_MS = 12 * HOUR_MS;
/** Distance that sampling makes, times √n of the smaller side. */
const NOISE = 0.8;

const hourOf = ({ atMs }: Observation): number => Math.floor(atMs / HOUR_MS) % HOURS;

function distanceOf(before: SignalCounts | undefined, now: SignalCounts | undefined): number {
  if (before?.kind === 'numeric' && now?.kind === 'numeric') return compareNumeric(before, now).ksStatistic;
  if (before?.kind === 'categorical' && now?.kind === 'categorical')
    return compareCategorical(before, now).totalVariation;
  return 0;
}

/** Counts of the chosen features alone. */
function countsOf(names: readonly string[], rows: readonly Observation[], like?: WindowProfile): WindowProfile {
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  for (const row of rows) {
    const features = Object.fromEntries(names.map((name) => [name, row.features?.[name] ?? null]));
    builder.add(row.features === null ? row : { ...row, features });
  }
  return builder.build();
}

/**
 * How much of the changed features' drift vanishes when the window is compared with the same hours of other days in the baseline:
 * near 1 when it is a daily pattern the baseline had too. Sampling noise is taken off both distances alike, so that a drift that
 * shrinks while a fix takes effect does not come to look usual. Null when the window's hours are most of the day, when nothing is
 * left of the drift beyond noise, or when the baseline has too few rows in these hours of another day, or in other hours.
 */
export function sameHour(
  changed: readonly string[],
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['sameHour'] {
  const perHour = new Array<number>(HOURS).fill(0);
  for (const row of rows) perHour[hourOf(row)] = (perHour[hourOf(row)] ?? 0) + 1;
  const hours = new Set(perHour.flatMap((count, hour) => (count >= 0.02 * rows.length && count > 0 ? [hour] : [])));
  const [first] = rows;
  if (first === undefined || hours.size > MAX_SHARE_OF_BASELINE * HOURS || changed.length === 0) return null;
  const same = baselineRows.filter((row) => hours.has(hourOf(row)) && row.atMs < first.atMs - ANOTHER_DAY_MS);
  const other = baselineRows.filter((row) => !hours.has(hourOf(row)));
  if (same.length < MIN_ROWS || other.length < MIN_ROWS) return null;
  const baseline = countsOf(changed, baselineRows);
  const then = countsOf(changed, same, baseline);
  const window = countsOf(changed, rows, baseline);
  let all = 0;
  let left = 0;
  for (const feature of changed) {
    const key = `feature:${feature}` as const;
    const now = window.signals.get(key);
    const beyondNoise = (before: SignalCounts | undefined, n: number): number =>
      Math.max(0, distanceOf(before, now) - NOISE / Math.sqrt(Math.min(window.calls, n)));
    all += beyondNoise(baseline.signals.get(key), baselineRows.length);
    left += beyondNoise(then.signals.get(key), same.length);
  }
  return all === 0 ? null : { explained: Math.max(0, 1 - left / all), baselineRows: same.length };
}
