import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import { failureCount } from '../domain/profile.js';

/** A probe that failed at most so long before a time says that probes saw what was blamed then. */
const SEEN_BY_PROBES_MS = 3_600_000;
/** As long as rows are waited for at most: an application that is silent for less may send in batches, or rows of it wait to be judged. */
const SILENT_MS = 600_000;
/** Answered probes that say the model answers again. */
const FEWEST_ANSWERS = 3;

type Probed = Pick<MonitoredModelState, 'lastProbeFailureAtMs' | 'probesAnsweredMs'>;

/** Probes that were answered since a time, all of them; none where none failed before it, for then they do not see what is blamed. */
export const probesAnsweredSince = ({ lastProbeFailureAtMs, probesAnsweredMs }: Probed, atMs: number): number =>
  (lastProbeFailureAtMs ?? -Infinity) < atMs - SEEN_BY_PROBES_MS
    ? 0
    : probesAnsweredMs.filter((answeredMs) => answeredMs > atMs).length;

/** What tells whether an application is silent. */
export type Silence = Probed & Pick<MonitoredModelState, 'rows' | 'window' | 'lastHeardAtMs'>;

/**
 * When the last call was logged, where it failed and nothing was heard of calls for ten minutes, while probes that failed too are
 * answered: the calls that fail in the window are over, and no row will come to say so. Null otherwise.
 */
export function silentSinceMs({ rows, window, lastHeardAtMs, ...probed }: Silence): number | null {
  if (lastHeardAtMs === null) return null;
  const newest = rows.at(-1);
  // After a restart the counts are there and the rows behind them are not.
  const atMs = newest?.atMs ?? window.toMs;
  const hasFailed = newest === undefined ? failureCount(window) > 0 : newest.failure !== null;
  const silentFromMs = Math.max(atMs, lastHeardAtMs) + SILENT_MS;
  return hasFailed && probesAnsweredSince(probed, silentFromMs) >= FEWEST_ANSWERS ? atMs : null;
}
