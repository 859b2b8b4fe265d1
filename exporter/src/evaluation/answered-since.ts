import type { MonitoredModelState } from '../domain/monitored-model-state.js';

/** Share of the calls from the first that failed to the last, from which they are one outage and not a model that answers some. */
const ONE_OUTAGE = 0.9;

/**
 * Since when calls are answered after an outage, none having failed since; null while the newest call failed, and where between calls
 * that failed others were answered. Of a time before a restart the rows are gone: what is in memory is answered then.
 */
export function answeredSinceMs({
  rows,
  consecutiveFailures,
  answersSinceMs = null,
  lastAnswerAtMs,
}: Pick<MonitoredModelState, 'rows' | 'consecutiveFailures' | 'answersSinceMs' | 'lastAnswerAtMs'>): number | null {
  if (consecutiveFailures > 0) return null;
  const last = rows.findLastIndex(({ failure }) => failure !== null);
  // The calls that failed leave the window: the first answer in it is no beginning then.
  const since = answersSinceMs ?? rows[last + 1]?.atMs ?? (rows.length === 0 ? lastAnswerAtMs : null);
  return last < 0 || isOneOutage(rows.slice(0, last + 1).map(({ failure }) => failure !== null)) ? since : null;
}

/** Whether the newest stretch of failing calls, which is not interrupted for long, holds nearly all that failed. */
function isOneOutage(failed: readonly boolean[]): boolean {
  const all = failed.filter(Boolean).length;
  let [failures, calls, longest] = [0, 0, 0];
  for (let i = failed.length - 1; i >= 0; i -= 1) {
    calls += 1;
    if (failed[i] === true) failures += 1;
    if (failed[i] === true && failures >= ONE_OUTAGE * calls) longest = failures;
  }
  return longest >= ONE_OUTAGE * all;
}
