import { percent } from '../../domain/quantity-text.js';
import type { DetectorId, Finding, FindingKind } from '../../domain/finding.js';
import { absentIn, type SignalCounts, type SignalKey, type WindowProfile } from '../../domain/profile.js';
import { clopperPearsonLower, clopperPearsonUpper, proportion } from '../../statistics/clopper-pearson.js';
import { validTotal } from '../../statistics/signal-counts.js';
import { significancePerSignal, windowOf, type DetectionInput } from '../detection-input.js';

const WORDS = {
  missing: 'is missing',
  absent: 'is not sent',
  invalid: 'is of another type or not a finite number',
} as const;

/** What it means for users that a part of the answers is missing, and how the part is called; anything else is an input. */
const ANSWER_PARTS: Readonly<Partial<Record<SignalKey, { readonly kind: FindingKind; readonly name: string }>>> = {
  prediction: { kind: 'service', name: 'The prediction' },
  confidence: { kind: 'model', name: 'The confidence' },
};

/**
 * A rise of the share of missing, invalid or absent values of one signal.
 * @param leastNow so many values there must be now
 */
export function shareRise(
  input: DetectionInput,
  detector: DetectorId,
  key: SignalKey,
  part: 'missing' | 'invalid' | 'absent',
  before: SignalCounts,
  now: SignalCounts,
  leastNow = input.thresholds.minimumWindowSamples,
): Finding | null {
  const profileBefore = input.baseline?.profile;
  if (profileBefore === undefined) return null;
  const countsIn = (profile: WindowProfile, counts: SignalCounts) => {
    const absent = part === 'absent' ? absentIn(profile, counts) : 0;
    const all = validTotal(counts) + counts.missing + counts.invalid + absent;
    return { all, bad: part === 'absent' ? absent : counts[part] };
  };
  const { all: nBefore, bad: badBefore } = countsIn(profileBefore, before);
  const { all: nNow, bad: badNow } = countsIn(input.window, now);
  if (nBefore < input.thresholds.minimumWindowSamples || nNow < leastNow) return null;
  const from = badBefore / nBefore;
  const to = badNow / nNow;
  if (to - from < input.thresholds.missingShare) return null;
  const alpha = significancePerSignal(input);
  if (clopperPearsonLower(badNow, nNow, alpha) <= clopperPearsonUpper(badBefore, nBefore, alpha)) return null;
  const words = WORDS[part];
  const { kind, name } = ANSWER_PARTS[key] ?? { kind: 'data', name: `“${key.replace(/^feature:/, '')}”` };
  return {
    detector,
    subject: key,
    kind,
    direction: 'up',
    statistic: { name: `${part}_share`, value: to },
    threshold: from + input.thresholds.missingShare,
    pValue: null,
    effect: { measure: 'share', value: to - from, interval: shifted(proportion(badNow, nNow).interval, from) },
    statistics: [],
    before: from,
    now: to,
    window: windowOf(input),
    baselineSamples: nBefore,
    sentence: `${name} ${words} in ${percent(to)} of ${nNow} rows, before in ${percent(from)}.`,
  };
}

function shifted(
  interval: { readonly low: number; readonly high: number; readonly level: number },
  by: number,
): typeof interval {
  return { low: interval.low - by, high: interval.high - by, level: interval.level };
}
