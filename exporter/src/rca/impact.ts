import { brief, counted, percent } from '../domain/quantity-text.js';
import { minuteText } from '../domain/time-text.js';
import { proportion } from '../statistics/clopper-pearson.js';
import type { Symptoms } from '../domain/symptoms.js';
import type { Impact } from '../domain/impact.js';
import type { Interval } from '../domain/estimate.js';
import type { LevelSummary, Proportion } from '../domain/estimate.js';
import type { MeanError } from '../domain/performance.js';
import { saidOf } from './indicators/indicator.js';

const LEVEL = 0.95;
/** A spread, and with it an interval of the mean, needs two values at least. */
const MIN_SAMPLES = 2;
/** Golden inputs from which a share of them says something of all predictions: of one or two it would be none, half or all. */
const MIN_GOLDEN = 3;
/** Two-sided 95 % point of the standard normal distribution. */
const Z = 1.96;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
const range = ({ low, high }: Interval): string => `95 % interval ${percent(low)} to ${percent(high)}`;

/** Interval of a − b from each one's own: squares of the distances to the far ends added (Newcombe 1998, method 10). */
export function differenceInterval(a: Proportion, b: Proportion): Interval {
  const difference = a.share - b.share;
  const low = difference - Math.hypot(a.share - a.interval.low, b.interval.high - b.share);
  const high = difference + Math.hypot(a.interval.high - a.share, b.share - b.interval.low);
  return { low: Math.max(-1, low), high: Math.min(1, high), level: LEVEL };
}

function unanswered({ service }: Symptoms): Impact | null {
  if (service.failures.count === 0) return null;
  const usual = service.baselineErrorShare ?? 0;
  const { low, high } = service.failures.interval;
  const interval = { low: clamp(low - usual), high: clamp(high - usual), level: LEVEL };
  const share = clamp(service.failures.share - usual);
  const { count, of } = service.failures;
  const beyond = percent(usual) === percent(0) ? '' : `, beyond the usual ${percent(usual)}`;
  const since = service.failingSinceMs === null ? '' : ` since ${minuteText(service.failingSinceMs)}`;
  return {
    harm: 'no-answer',
    share,
    interval,
    basis: 'counted',
    sentence: `${percent(share)} of the calls get no prediction${beyond} (${count} of ${counted(of, 'call')} failed${since}; ${range(interval)}).`,
  };
}

function wrongByLabels({ labels }: Symptoms): Impact | null {
  const { accuracyBefore, accuracyNow } = labels;
  if (accuracyBefore === null || accuracyNow === null) return null;
  const difference = differenceInterval(accuracyBefore, accuracyNow);
  const interval = { low: clamp(difference.low), high: clamp(difference.high), level: LEVEL };
  const share = clamp(accuracyBefore.share - accuracyNow.share);
  return {
    harm: 'wrong-answer',
    share,
    interval,
    basis: 'counted',
    sentence: `${percent(share)} of the predictions are wrong that would have been right: accuracy fell from ${percent(accuracyBefore.share)} to ${percent(accuracyNow.share)} of ${counted(accuracyNow.of, 'labelled prediction')} (${range(interval)}).`,
  };
}

/** How much farther quantities miss their labels than before. */
export interface ErrorGrowth {
  /** Relative growth of the mean absolute error: 1 is twice as large. */
  readonly growth: number;
  /** Lower end of its interval, by the delta method on the logarithm of the ratio. */
  low(z: number): number;
  /** One sentence. */
  readonly sentence: string;
}

/** Null where no quantities are labelled, or those of the baseline were all exact. */
export function errorGrowth({ errorBefore, errorNow }: Symptoms['labels']): ErrorGrowth | null {
  if (errorBefore === null || errorNow === null || errorBefore.mean === 0 || errorNow.mean === 0) return null;
  const relative = ({ mean, interval }: MeanError): number => (interval.high - mean) / Z / mean;
  const ratio = errorNow.mean / errorBefore.mean;
  const standardError = Math.hypot(relative(errorBefore), relative(errorNow));
  return {
    growth: ratio - 1,
    low: (z) => ratio * Math.exp(-z * standardError) - 1,
    sentence: `Predictions miss by ${brief(errorNow.mean)} on average (${counted(errorNow.count, 'label')}); in the baseline, by ${brief(errorBefore.mean)}.`,
  };
}

function turnedByGolden({ golden }: Symptoms): Impact | null {
  if (golden.compared < MIN_GOLDEN || golden.answersChanged === 0) return null;
  const turned = proportion(golden.answersChanged, golden.compared, LEVEL);
  return {
    harm: 'wrong-answer',
    share: turned.share,
    interval: turned.interval,
    basis: 'golden',
    sentence: `About ${percent(turned.share)} of the predictions may differ from before: ${turned.count} of ${counted(turned.of, 'golden input')} do (${range(turned.interval)}); whether they are worse is not known.`,
  };
}

const varianceOfMean = ({ standardDeviation, samples }: LevelSummary): number =>
  standardDeviation ** 2 / Math.max(1, samples);

/** Null where golden inputs keep their predictions under another confidence: then confidence no longer says how many are right. */
function wrongByConfidence({ confidence, golden }: Symptoms): Impact | null {
  if (golden.confidencesMoved > 0 && golden.answersChanged === 0) return null;
  const { before, now } = confidence;
  if (before === null || now === null || Math.min(before.samples, now.samples) < MIN_SAMPLES) return null;
  const fall = before.mean - now.mean;
  const half = Z * Math.sqrt(varianceOfMean(before) + varianceOfMean(now));
  const interval = { low: clamp(fall - half), high: clamp(fall + half), level: LEVEL };
  return {
    harm: 'wrong-answer',
    share: clamp(fall),
    interval,
    basis: 'confidence',
    sentence: `About ${percent(clamp(fall))} more of the predictions are wrong, estimated from the fall of mean confidence (${before.mean.toFixed(2)} to ${now.mean.toFixed(2)}; ${range(interval)}); without labels, concept drift cannot be detected.`,
  };
}

/** Only where a detector says that answers come later: an interval asked at every evaluation excludes zero by chance now and then. */
function late(symptoms: Symptoms): Impact | null {
  if (saidOf(symptoms, 'latency-regression', 'latency_seconds')?.direction !== 'up') return null;
  const { lateBefore, lateNow, latencyBefore, latencyNow } = symptoms.service;
  if (lateBefore === null || lateNow === null || latencyBefore === null || latencyNow === null) return null;
  const difference = differenceInterval(lateNow, lateBefore);
  const interval = { low: clamp(difference.low), high: clamp(difference.high), level: LEVEL };
  const share = clamp(lateNow.share - lateBefore.share);
  return {
    harm: 'late-answer',
    share,
    interval,
    basis: 'counted',
    sentence: `${percent(share)} of the responses are slow that would not have been: 95 % used to take at most ${brief(latencyBefore.p95)} s, now ${brief(latencyNow.p95)} s (${range(interval)}).`,
  };
}

const BY_TRUST: readonly ((symptoms: Symptoms) => Impact | null)[] = [wrongByLabels, turnedByGolden, wrongByConfidence];

/**
 * What it costs users. Unanswered calls count first; wrong answers by labels where there are any, else by golden inputs, else by
 * confidence; then lateness. The worst whose interval excludes zero; null when none does.
 */
export function estimateImpact(symptoms: Symptoms): Impact | null {
  const isReal = (impact: Impact | null): impact is Impact => impact !== null && impact.interval.low > 0;
  const wrong = BY_TRUST.map((estimate) => estimate(symptoms)).find((impact) => impact !== null) ?? null;
  // Golden inputs show that predictions are different where labels do not show that they are worse.
  const different = isReal(wrong) ? null : turnedByGolden(symptoms);
  return (
    [unanswered(symptoms), wrong, different, late(symptoms)]
      .filter(isReal)
      .sort((a, b) => Number(a.harm === 'late-answer') - Number(b.harm === 'late-answer') || b.share - a.share)[0] ??
    null
  );
}
