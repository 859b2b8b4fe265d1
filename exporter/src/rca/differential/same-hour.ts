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
 * How much of the changed features' drift vanishes when the window is compared with the same hours of day in the baseline
 * only: near 1 when it is a daily pattern the baseline had too. Null when the window's hours are most of the day, or
 * the baseline has too few rows in them.
 */
export function sameHour(
  changed: readonly string[],
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['sameHour'] {
  const perHour = new Array<number>(HOURS).fill(0);
  for (const row of rows) perHour[hourOf(row)] = (perHour[hourOf(row)] ?? 0) + 1;
  const hours = new Set(perHour.flatMap((count, hour) => (count >= 0.02 * rows.length && count > 0 ? [hour] : [])));
  const same = baselineRows.filter((row) => hours.has(hourOf(row)));
  if (rows.length === 0 || hours.size > MAX_SHARE_OF_BASELINE * HOURS || same.length < MIN_ROWS || changed.length === 0)
    return null;
  const baseline = countsOf(changed, baselineRows);
  const then = countsOf(changed, same, baseline);
  const window = countsOf(changed, rows, baseline);
  let all = 0;
  let left = 0;
  for (const feature of changed) {
    const key = `feature:${feature}` as const;
    const now = window.signals.get(key);
    const chance = 0.8 / Math.sqrt(Math.min(window.calls, same.length));
    all += distanceOf(baseline.signals.get(key), now);
    left += Math.max(0, distanceOf(then.signals.get(key), now) - chance);
  }
  return all === 0 ? null : { explained: Math.max(0, 1 - left / all), baselineRows: same.length };
}
