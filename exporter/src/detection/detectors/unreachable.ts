import type { Finding } from '../../domain/finding.js';
import { failureText } from '../../domain/observation.js';
import { isFlapping } from '../../statistics/flapping.js';
import { failuresNow, mostOf } from '../../statistics/rise-of-failures.js';
import { failureCount } from '../../domain/profile.js';
import { durationText, minuteText } from '../../domain/time-text.js';
import { keptWaiting, LONG_MS, type KeptWaiting } from '../../statistics/kept-waiting.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_CALLS = 3;

/** No call is answered any more: so many failures in a row, or every call of the window failed, or the server has asked to wait for long. */
export const unreachable: Detector = {
  id: 'unreachable',
  detect(input) {
    const { window, consecutiveFailures, thresholds } = input;
    const failures = failureCount(window);
    const allFailed = window.calls >= FEWEST_CALLS && failures === window.calls;
    const waits = keptWaiting(input.rows, input.nowMs);
    if (consecutiveFailures < thresholds.consecutiveFailures && !allFailed && waits === null) return nothing;
    if (waits === null && isFlapping(input.rows, input.nowMs)) return nothing;
    const inRow = Math.max(consecutiveFailures, allFailed ? failures : 0);
    const { byReason } = failuresNow(window, input.rows, input.nowMs);
    // Calls that just came, and probes of a model that logs its own calls, are no part of its window.
    const reason = mostOf(byReason) ?? input.lastFailureReason ?? null;
    return found({
      detector: 'unreachable',
      subject: 'errors',
      kind: 'service',
      direction: 'up',
      ...(waits === null ? byCalls(inRow, thresholds.consecutiveFailures) : byTime(waits, input.nowMs)),
      pValue: null,
      effect: { measure: 'count', value: inRow, interval: null },
      statistics: Object.entries(window.failures).map(([name, value]) => ({ name: `failures_${name}`, value })),
      before: null,
      now: 1,
      window: windowOf(input),
      baselineSamples: null,
      sentence: waits === null ? sentenceOf(reason, inRow) : waitingText(waits),
    });
  },
};

/** Of a window in which every call failed fewer are enough. */
const byCalls = (inRow: number, inAnyWindow: number): Pick<Finding, 'statistic' | 'threshold'> => ({
  statistic: { name: 'consecutive_failures', value: inRow },
  threshold: inRow < inAnyWindow ? FEWEST_CALLS : inAnyWindow,
});

const byTime = ({ sinceMs }: KeptWaiting, nowMs: number): Pick<Finding, 'statistic' | 'threshold'> => ({
  statistic: { name: 'seconds_without_an_answer', value: (nowMs - sinceMs) / 1_000 },
  threshold: LONG_MS / 1_000,
});

/** An error is an answer, and so is one that cannot be used. */
function sentenceOf(reason: string | null, inRow: number): string {
  const mostly = reason === null ? '' : ` (mostly: ${failureText(reason)})`;
  if (reason === 'http_5xx') return `Each of the last ${inRow} calls failed${mostly}.`;
  if (reason === 'no_answer') return `None of the last ${inRow} calls got a usable prediction.`;
  return `None of the last ${inRow} calls was answered${mostly}.`;
}

const waitingText = ({ sinceMs, askedMs, calls }: KeptWaiting): string =>
  `No answer since ${minuteText(sinceMs)}; the server asks to wait ${durationText(askedMs)} (${calls} of ${calls} calls failed since).`;
