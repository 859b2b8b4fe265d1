import { failureText } from '../../domain/observation.js';
import { failuresNow, mostOf } from '../../statistics/rise-of-failures.js';
import { failureCount } from '../../domain/profile.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_CALLS = 3;

/** No call is answered any more: so many failures in a row, or every call of the window failed. */
export const unreachable: Detector = {
  id: 'unreachable',
  detect(input) {
    const { window, consecutiveFailures, thresholds } = input;
    const failures = failureCount(window);
    const allFailed = window.calls >= FEWEST_CALLS && failures === window.calls;
    if (consecutiveFailures < thresholds.consecutiveFailures && !allFailed) return nothing;
    const inRow = Math.max(consecutiveFailures, allFailed ? failures : 0);
    const { byReason } = failuresNow(window, input.rows);
    // Calls that just came, and probes of a model that logs its own calls, are no part of its window.
    const reason = mostOf(byReason) ?? input.lastFailureReason ?? null;
    const mostly = reason === null ? '' : ` (mostly: ${failureText(reason)})`;
    return found({
      detector: 'unreachable',
      subject: 'errors',
      kind: 'service',
      direction: 'up',
      statistic: { name: 'consecutive_failures', value: inRow },
      threshold: thresholds.consecutiveFailures,
      pValue: null,
      effect: { measure: 'count', value: inRow, interval: null },
      statistics: Object.entries(window.failures).map(([name, value]) => ({ name: `failures_${name}`, value })),
      before: null,
      now: 1,
      window: windowOf(input),
      baselineSamples: null,
      // An error is an answer, and so is one that cannot be used.
      sentence:
        reason === 'http_5xx'
          ? `Each of the last ${inRow} calls failed${mostly}.`
          : reason === 'no_answer'
            ? `None of the last ${inRow} calls got a usable prediction.`
            : `None of the last ${inRow} calls was answered${mostly}.`,
    });
  },
};
