import { isAboutAnswers } from '../../domain/generation.js';
import { brief, MAX_STANDARD_DEVIATIONS, percent, standardDeviationsText } from '../../domain/quantity-text.js';
import { failureCount } from '../../domain/profile.js';
import { subjectText, type Effect, type Finding, type FindingKind } from '../../domain/finding.js';
import { oddsText, type SignalEvidence } from '../../domain/alert-evidence.js';
import type { SignalCounts, SignalKey, WindowProfile } from '../../domain/profile.js';
import { compareCategorical, compareNumeric } from '../../statistics/compare.js';
import { differenceOfProportions } from '../../statistics/difference-of-proportions.js';
import { meanAbsoluteError } from '../../statistics/loss-counts.js';
import { isIdentifierLike, validTotal } from '../../statistics/signal-counts.js';
import { windowOf, type DetectionInput, type Detector } from '../detection-input.js';
import { type Interval } from '../../domain/estimate.js';

/** Statistics whose own direction is not that of the signal: values that spread more may have become smaller. */
const OF_ANOTHER_DIRECTION: ReadonlySet<string> = new Set(['spread', 'jump']);

/** Where the signal went: by its effect where the statistic does not tell; an effect that may be none went nowhere. */
function directionOf(
  { statistic, direction }: SignalEvidence,
  { value, interval }: Effect,
): SignalEvidence['direction'] {
  if (!OF_ANOTHER_DIRECTION.has(statistic)) return direction;
  if (interval === null || (interval.low <= 0 && interval.high >= 0)) return 'changed';
  return value > 0 ? 'up' : 'down';
}

/** What a change of this signal means for users. */
function kindOf(signal: SignalEvidence, { value, interval }: Effect): FindingKind {
  if (signal.statistic === 'missing' && signal.subject === 'prediction') return 'service';
  if (signal.statistic === 'missing' && signal.subject === 'confidence') return 'model';
  if (signal.subject === 'errors') return 'service';
  if (signal.subject === 'latency_seconds') {
    // A level that rose and by now is below what it was is no harm.
    const isFaster = signal.statistic === 'level' && interval !== null && value < 0;
    return signal.direction === 'up' && !isFaster ? 'service' : 'note';
  }
  if (signal.subject === 'golden') return 'model';
  if (signal.subject === 'accuracy' || signal.subject === 'error_size') return 'quality';
  if (signal.subject === 'confidence') return signal.direction === 'down' ? 'quality' : 'data';
  return isAboutAnswers(signal.subject) ? 'model' : 'data';
}

interface Measured {
  readonly effect: Effect;
  readonly before: number | null;
  readonly now: number | null;
  readonly text: string;
}

/**
 * A signal whose e-detector crossed its line (algorithms S and R). Small shifts that no window test would notice are told
 * here; where a window detector describes the same signal, its sentence is kept and this one left out (`detect.ts`).
 */
export const sequentialEvidence: Detector = {
  id: 'sequential-evidence',
  detect(input) {
    const { evidence } = input;
    if (evidence?.verdict !== 'alarm' || evidence.recovered) return { findings: [], blindSpots: [] };
    const changed = evidence.signals.filter((signal) => signal.watch === 'changed' && isChecked(input, signal));
    return { findings: changed.map((signal) => findingOf(input, signal)), blindSpots: [] };
  },
};

/** Of what names rows, only whether it is there and of its type says anything. */
const OF_ALL_VALUES: ReadonlySet<string> = new Set(['missing', 'invalid']);

function isChecked({ baseline }: DetectionInput, { subject, statistic }: SignalEvidence): boolean {
  const before = subject.startsWith('feature:') ? baseline?.profile.signals.get(subject as SignalKey) : undefined;
  return before === undefined || OF_ALL_VALUES.has(statistic) || !isIdentifierLike(before);
}

function findingOf(input: DetectionInput, seen: SignalEvidence): Finding {
  const measured = measure(input, seen);
  const signal = { ...seen, direction: directionOf(seen, measured.effect) };
  const name = capitalised(subjectText(signal.subject));
  return {
    detector: 'sequential-evidence',
    subject: signal.subject,
    kind: kindOf(signal, measured.effect),
    direction: signal.direction,
    statistic: { name: 'log_evidence', value: signal.logEvidence },
    threshold: input.evidence?.logLine ?? 0,
    pValue: null,
    effect: measured.effect,
    statistics: [{ name: 'log_ratio', value: signal.logRatio }],
    before: measured.before,
    now: measured.now,
    window: windowOf(input),
    baselineSamples: input.baseline?.profile.calls ?? null,
    sentence: `${name} changed (${WORDS[signal.statistic] ?? signal.statistic}): evidence of a real change ${oddsText(signal.logRatio)} on any one day.${measured.text}`,
  };
}

const WORDS: Readonly<Record<string, string>> = {
  level: 'its level',
  spread: 'its spread',
  mix: 'its mix',
  missing: 'missing values',
  unseen: 'values never seen before',
  invalid: 'values of another type',
  jump: 'values far beyond all that were seen, from one row to the next',
  risk: 'it got worse',
};

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const unknownEffect: Measured = {
  effect: { measure: 'distance', value: 0, interval: null },
  before: null,
  now: null,
  text: '',
};

function measure(input: DetectionInput, signal: SignalEvidence): Measured {
  const { baseline, window } = input;
  if (signal.subject === 'errors' && baseline !== null) {
    return shares(
      { count: failureCount(baseline.profile), of: baseline.profile.calls },
      { count: failureCount(window), of: window.calls },
    );
  }
  if (signal.subject === 'accuracy' && baseline !== null) {
    return shares(wrongIn(baseline.profile), wrongIn(window));
  }
  if (signal.subject === 'error_size' && baseline !== null) return errorSizes(baseline.profile, window);
  if (signal.subject === 'rows' && input.rowAnomaly.verdict !== 'unknown') {
    const { share, interval } = input.rowAnomaly;
    return { effect: { measure: 'share', value: share, interval }, before: null, now: share, text: '' };
  }
  const before = baseline?.profile.signals.get(signal.subject as SignalKey);
  const now = window.signals.get(signal.subject as SignalKey);
  if (before === undefined || now === undefined) return unknownEffect;
  if (signal.statistic === 'missing' && baseline !== null) {
    return shares(missingOf(baseline.profile, before), missingOf(window, now));
  }
  if (before.kind === 'categorical' && now.kind === 'categorical') {
    const { totalVariation, totalVariationInterval } = compareCategorical(before, now);
    const effect = { measure: 'distance', value: totalVariation, interval: totalVariationInterval } as const;
    return { effect, before: null, now: null, text: ` ${percent(totalVariation)} of the values moved.` };
  }
  if (before.kind !== 'numeric' || now.kind !== 'numeric') return unknownEffect;
  const { meanShift, meanShiftInterval, meanBefore, meanNow } = compareNumeric(before, now);
  return {
    effect: { measure: 'standard-deviations', value: meanShift, interval: meanShiftInterval },
    before: meanBefore,
    now: meanNow,
    text: ` Its mean went from ${brief(meanBefore)} to ${brief(meanNow)} (${shiftText(meanShift, meanShiftInterval)}).`,
  };
}

interface Count {
  readonly count: number;
  readonly of: number;
}

/** Missing values, a key that was not sent among them. */
const missingOf = (profile: WindowProfile, counts: SignalCounts): Count => {
  const answered = profile.calls - failureCount(profile);
  const of = Math.max(answered, validTotal(counts) + counts.missing + counts.invalid);
  return { count: of - validTotal(counts) - counts.invalid, of };
};

const wrongIn = ({ labels: { labelled, correct } }: WindowProfile): Count => ({
  count: labelled - correct,
  of: labelled,
});

function errorSizes(before: WindowProfile, now: WindowProfile): Measured {
  const [was, is] = [meanAbsoluteError(before.labels.losses), meanAbsoluteError(now.labels.losses)];
  if (was === null || is === null || was.mean === 0) return unknownEffect;
  const half = (1.96 * Math.hypot(is.standardError, (was.standardError * is.mean) / was.mean)) / was.mean;
  const ratio = is.mean / was.mean;
  return {
    effect: { measure: 'ratio', value: ratio, interval: { low: ratio - half, high: ratio + half, level: 0.95 } },
    before: was.mean,
    now: is.mean,
    text: ` Its mean went from ${brief(was.mean)} to ${brief(is.mean)}.`,
  };
}

function shares(before: Count, now: Count): Measured {
  if (before.of === 0 || now.of === 0) return unknownEffect;
  const [was, is] = [before, now].map(({ count, of }) => count / of) as [number, number];
  return {
    effect: { measure: 'share', value: is - was, interval: differenceOfProportions(before, now) },
    before: was,
    now: is,
    text: ` It went from ${percent(was)} to ${percent(is)}.`,
  };
}

/** A shift that was cut has no interval worth telling. */
const shiftText = (shift: number, { low, high }: Interval): string =>
  Math.abs(shift) >= MAX_STANDARD_DEVIATIONS
    ? `by ${standardDeviationsText(shift)}`
    : `${brief(shift)} standard deviations, ${brief(low)} to ${brief(high)}`;
