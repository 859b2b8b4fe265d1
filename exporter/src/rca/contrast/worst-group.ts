import type { SegmentContrast } from '../../domain/contrast.js';
import type { Observation } from '../../domain/observation.js';
import { grouping, groupPredicate } from '../attribution/confidence-groups.js';

const FEWEST_INSIDE = 15;
const MOST_INSIDE = 0.9;
/** Difference over its standard error that a group must reach, many groups being looked at. */
const LEAST_Z = 4;

type Rates = ReadonlyMap<string, { readonly rows: number; readonly bad: number }>;
interface Sides {
  readonly now: readonly Observation[];
  readonly before: readonly Observation[];
  readonly badNow: number;
  readonly badBefore: number;
}

/**
 * The group (one feature's category or quarter) in which a yes/no quantity rose furthest above its rise elsewhere, each
 * against its own past where there is one. Null when no group stands out at z = 4.
 * @param bad whether the row counts; rows for which it is null are left out
 */
export function worstGroup(
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
  bad: (row: Observation) => boolean | null,
): SegmentContrast | null {
  const usable = (row: Observation): boolean => row.features !== null && bad(row) !== null;
  const now = rows.filter(usable);
  const before = baselineRows.filter(usable);
  const countOf = (some: readonly Observation[]): number => some.filter((row) => bad(row) === true).length;
  const sides: Sides = { now, before, badNow: countOf(now), badBefore: countOf(before) };
  let best: { readonly z: number; readonly contrast: SegmentContrast } | null = null;
  for (const feature of Object.keys(now[0]?.features ?? {})) {
    const groupOf = grouping(baselineRows, feature);
    const pastOf = rateByGroup(before, groupOf, bad);
    for (const [group, own] of rateByGroup(now, groupOf, bad)) {
      const found = contrastOf(feature, group, own, pastOf, sides);
      if (found !== null && found.z >= LEAST_Z && (best === null || found.z > best.z)) best = found;
    }
  }
  return best?.contrast ?? null;
}

/** One group against the rest, each against its own past; the variance counts both sides of both times. */
function contrastOf(
  feature: string,
  group: string,
  own: { readonly rows: number; readonly bad: number },
  pastOf: Rates,
  { now, before, badNow, badBefore }: Sides,
): { readonly z: number; readonly contrast: SegmentContrast } | null {
  const past = before.length === 0 ? 0 : badBefore / before.length;
  const increase = badNow - past * now.length;
  const outside = now.length - own.rows;
  if (increase <= 0 || own.rows < FEWEST_INSIDE || own.rows > MOST_INSIDE * now.length || outside === 0) return null;
  const was = pastOf.get(group);
  const hasPast = was !== undefined && was.rows >= FEWEST_INSIDE && before.length > was.rows;
  const base = hasPast ? was.bad / was.rows : past;
  const baseOutside = hasPast ? (badBefore - was.bad) / (before.length - was.rows) : past;
  const rise = own.bad / own.rows - base;
  const riseOutside = (badNow - own.bad) / outside - baseOutside;
  const pooled = badNow / now.length;
  const sizes = [own.rows, outside, ...(hasPast ? [was.rows, before.length - was.rows] : [])];
  const error = Math.sqrt(Math.max(1e-9, pooled * (1 - pooled)) * sizes.reduce((sum, size) => sum + 1 / size, 0));
  return {
    z: (rise - riseOutside) / error,
    contrast: {
      feature,
      predicate: groupPredicate(feature, group),
      rows: own.rows,
      inside: rise,
      outside: riseOutside,
      contribution: Math.min(1, Math.max(0, (rise * own.rows) / increase)),
    },
  };
}

function rateByGroup(
  rows: readonly Observation[],
  groupOf: (row: Observation) => string,
  bad: (row: Observation) => boolean | null,
): Map<string, { rows: number; bad: number }> {
  const groups = new Map<string, { rows: number; bad: number }>();
  for (const row of rows) {
    const group = groupOf(row);
    const entry = groups.get(group) ?? { rows: 0, bad: 0 };
    entry.rows += 1;
    if (bad(row) === true) entry.bad += 1;
    groups.set(group, entry);
  }
  return groups;
}
