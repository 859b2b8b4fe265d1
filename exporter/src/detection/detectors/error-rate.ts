import { failureText } from '../../domain/observation.js';
import { failureCount } from '../../domain/profile.js';
import { counted, percent } from '../../domain/quantity-text.js';
import { minuteText } from '../../domain/time-text.js';
import { clopperPearsonLower, proportion } from '../../statistics/clopper-pearson.js';
import { failuresNow, type FailuresNow } from '../../statistics/rise-of-failures.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_FAILURES = 3;
const CONFIDENCE_ERROR = 0.001;

/** More calls fail than the baseline's failures allow: Clopper–Pearson lower bound now above the upper bound before. */
export const errorRate: Detector = {
  id: 'error-rate',
  detect(input) {
    const { window, baseline, thresholds } = input;
    const failures = failureCount(window);
    if (failures < FEWEST_FAILURES) return nothing;
    const whole = proportion(failures, window.calls);
    const before = baseline === null ? null : proportion(failureCount(baseline.profile), baseline.profile.calls);
    const allowed = before?.interval.high ?? 0;
    const surely = clopperPearsonLower(failures, window.calls, CONFIDENCE_ERROR);
    if (whole.share < thresholds.errorShare || surely <= allowed) return nothing;
    const since = failuresNow(window, input.rows, input.nowMs);
    const now = proportion(since.failures, since.calls);
    const reasons = Object.entries(since.byReason).sort(([, a], [, b]) => b - a);
    const listed = reasons.map(([reason, count]) => `${count} × ${failureText(reason)}`).join(', ');
    return found({
      detector: 'error-rate',
      subject: 'errors',
      kind: 'service',
      direction: 'up',
      statistic: { name: 'error_share', value: whole.share },
      threshold: thresholds.errorShare,
      pValue: null,
      effect: {
        measure: 'share',
        value: now.share - (before?.share ?? 0),
        interval: before === null ? now.interval : null,
      },
      statistics: reasons.map(([name, value]) => ({ name: `failures_${name}`, value })),
      before: before?.share ?? null,
      now: now.share,
      window: windowOf(input),
      baselineSamples: baseline?.profile.calls ?? null,
      sentence: `${countText(since)} failed (${percent(now.share)}${before === null ? '' : `, before ${percent(before.share)}`}): ${listed}.`,
    });
  },
};

const countText = ({ failures, calls, sinceMs }: FailuresNow): string =>
  sinceMs === null
    ? `${failures} of the last ${counted(calls, 'call')}`
    : `${failures === calls ? 'Each' : failures} of the ${counted(calls, 'call')} since ${minuteText(sinceMs)}`;
