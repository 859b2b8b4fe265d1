import { counted } from '../../domain/quantity-text.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

/** Logged predictions used to come and have stopped. Silence is not health. */
export const noPredictions: Detector = {
  id: 'no-predictions',
  detect(input) {
    const { lastHeardAtMs, nowMs, thresholds } = input;
    if (lastHeardAtMs === null) return nothing;
    const silentMs = nowMs - lastHeardAtMs;
    if (silentMs <= thresholds.silenceMs) return nothing;
    const minutes = Math.round(silentMs / 60_000);
    return found({
      detector: 'no-predictions',
      subject: 'traffic',
      kind: 'service',
      direction: 'down',
      statistic: { name: 'silence_seconds', value: silentMs / 1_000 },
      threshold: thresholds.silenceMs / 1_000,
      pValue: null,
      effect: { measure: 'seconds', value: silentMs / 1_000, interval: null },
      statistics: [],
      before: null,
      now: 0,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `No prediction was logged for ${counted(minutes, 'minute')}.`,
    });
  },
};
