import { percent } from '../../domain/quantity-text.js';
import type { DetectorId, Finding } from '../../domain/finding.js';
import type { SignalCounts, SignalKey } from '../../domain/profile.js';
import { clopperPearsonLower, clopperPearsonUpper, proportion } from '../../statistics/clopper-pearson.js';
import { validTotal } from '../../statistics/signal-counts.js';
import { significancePerSignal, windowOf, type DetectionInput } from '../detection-input.js';

/** A rise of the share of missing or invalid values of one signal. */
export function shareRise(
  input: DetectionInput,
  detector: DetectorId,
  key: SignalKey,
  part: 'missing' | 'invalid',
  before: SignalCounts,
  now: SignalCounts,
): Finding | null {
  const all = (counts: SignalCounts): number => validTotal(counts) + counts.missing + counts.invalid;
  const nBefore = all(before);
  const nNow = all(now);
  const least = input.thresholds.minimumWindowSamples;
  if (nBefore < least || nNow < least) return null;
  const from = before[part] / nBefore;
  const to = now[part] / nNow;
  if (to - from < input.thresholds.missingShare) return null;
  const alpha = significancePerSignal(input);
  if (clopperPearsonLower(now[part], nNow, alpha) <= clopperPearsonUpper(before[part], nBefore, alpha)) return null;
  const words = part === 'missing' ? 'is missing' : 'is unreadable (NaN or of another type)';
  return {
    detector,
    subject: key,
    kind: 'data',
    direction: 'up',
    statistic: { name: `${part}_share`, value: to },
    threshold: from + input.thresholds.missingShare,
    pValue: null,
    effect: { measure: 'share', value: to - from, interval: shifted(proportion(now[part], nNow).interval, from) },
    statistics: [],
    before: from,
    now: to,
    window: windowOf(input),
    baselineSamples: nBefore,
    sentence: `“${key.replace(/^feature:/, '')}” ${words} in ${percent(to)} of ${nNow} rows, before in ${percent(from)}.`,
  };
}

function shifted(
  interval: { readonly low: number; readonly high: number; readonly level: number },
  by: number,
): typeof interval {
  return { low: interval.low - by, high: interval.high - by, level: interval.level };
}
