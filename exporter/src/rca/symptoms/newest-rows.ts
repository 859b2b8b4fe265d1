import { createWindowBuilder } from '../../statistics/window-profile.js';
import type { MonitoredModelState } from '../../domain/monitored-model-state.js';
import type { Observation } from '../../domain/observation.js';
import type { WindowProfile } from '../../domain/profile.js';

/** Rows taken at least, or there are too few to fit a transformation, and at most, as more would not fit it better. */
const MIN_REPAIR_ROWS = 100;
export const MAX_REPAIR_ROWS = 800;
/** Share of the rows since the estimated start that are taken, newest first: the estimate may be early. */
const CHANGED_SHARE = 0.7;

/**
 * The newest rows alone, where they are in memory: a window that still holds rows from before the change is a mixture, and
 * no single transformation explains a mixture.
 */
export function newestRows({ rows, evidence }: MonitoredModelState): readonly Observation[] | null {
  const count = Math.max(MIN_REPAIR_ROWS, Math.floor(rows.length / 3));
  if (rows.length < count) return null;
  const since = evidence?.verdict === 'alarm' ? evidence.changeAtMs : null;
  const sinceChange = since === null ? 0 : rows.filter(({ atMs }) => atMs >= since).length;
  return rows.slice(-Math.min(MAX_REPAIR_ROWS, Math.max(count, Math.floor(CHANGED_SHARE * sinceChange))));
}

/** Counts of rows on the grids of `like`. */
export function countsOf(rows: readonly Observation[], like: WindowProfile): WindowProfile {
  const builder = createWindowBuilder({ like });
  for (const row of rows) builder.add(row);
  return builder.build();
}
