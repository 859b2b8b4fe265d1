import { counted } from '../domain/quantity-text.js';
import type { WindowProfile } from '../domain/profile.js';
import { coarseCell, lossGroups, meanErrorOf, type LossGroup } from '../statistics/loss-counts.js';
import { onGridOf } from '../statistics/signal-counts.js';
import { numericSignal } from '../statistics/window-profile.js';
import { BLIND_TO, MIN_LABELS, MIN_SAMPLES, unknown, type Estimate } from './confidence-based.js';

/** Labelled answers a group must hold before its own mean is believed; smaller neighbours are put together. */
const MIN_GROUP = 30;
/** Share of answers beyond the sizes labelled in the baseline, above which the estimate says nothing. */
const BEYOND_SHARE = 0.05;
const Z = 1.96;

/**
 * Mean absolute error of the window without its labels: direct loss estimation (DLE, NannyML) with the size of the answer
 * as the only input of the loss model, so that it is learnt from mergeable counts. The expected error of an answer is the
 * mean error of labelled baseline answers about as large. Sees a changed mix of answers; not errors that depend on
 * something the answer does not show.
 */
export function estimateError(baseline: WindowProfile, window: WindowProfile): Estimate {
  const baselineError = meanErrorOf(baseline.labels.losses);
  const before = numericSignal(baseline, 'prediction');
  const now = numericSignal(window, 'prediction');
  if (baselineError === null || before === null || now === null) return unknown('the answers are no numbers');
  if (baselineError.count < MIN_LABELS) {
    return unknown(
      `the baseline holds ${baselineError.count} labelled answers; ${MIN_LABELS} tie the size of an answer to its error`,
    );
  }
  const groups = together(lossGroups(baseline.labels.losses));
  const counts = new Array<number>(groups.length).fill(0);
  let samples = 0;
  let beyond = 0;
  const lowest = groups[0]?.from ?? 0;
  const highest = groups.at(-1)?.to ?? 0;
  for (const [cell, count] of onGridOf(before, now)) {
    const coarse = coarseCell(cell);
    samples += count;
    if (coarse < lowest || coarse > highest) beyond += count;
    const above = groups.findIndex((group) => coarse <= group.to);
    const at = above < 0 ? groups.length - 1 : above;
    counts[at] = (counts[at] ?? 0) + count;
  }
  if (samples < MIN_SAMPLES) return unknown(`${counted(samples, 'response')}; ${MIN_SAMPLES} are needed`);
  if (beyond / samples > BEYOND_SHARE) {
    return unknown(
      `${((100 * beyond) / samples).toFixed(0)} % of the answers are smaller or larger than any labelled in the baseline`,
    );
  }
  let mean = 0;
  let square = 0;
  let baselineVariance = 0;
  groups.forEach((group, i) => {
    const share = (counts[i] ?? 0) / samples;
    mean += share * group.mean;
    square += share * (group.variance + group.mean ** 2);
    baselineVariance += (share ** 2 * group.variance) / group.count;
  });
  const half = Z * Math.sqrt(Math.max(0, square - mean * mean) / samples + baselineVariance);
  return {
    kind: 'estimated',
    measure: 'mean-absolute-error',
    meanAbsoluteError: mean,
    band: { low: Math.max(0, mean - half), high: mean + half, level: 0.95 },
    baselineError,
    samples,
    blindTo: BLIND_TO,
  };
}

interface Span extends Omit<LossGroup, 'cell'> {
  /** Coarse cells of the smallest and the largest answer. */
  readonly from: number;
  readonly to: number;
}

/** Neighbouring groups pooled until each holds enough; what is left over joins the last. */
function together(groups: readonly LossGroup[]): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  for (const { cell, ...group } of groups) {
    const own: Span = { ...group, from: cell, to: cell };
    open = open === null ? own : pooled(open, own);
    if (open.count < MIN_GROUP) continue;
    spans.push(open);
    open = null;
  }
  const last = spans.pop();
  if (open !== null) spans.push(last === undefined ? open : pooled(last, open));
  else if (last !== undefined) spans.push(last);
  return spans;
}

function pooled(a: Span, b: Span): Span {
  const count = a.count + b.count;
  const mean = (a.count * a.mean + b.count * b.mean) / count;
  const square = (a.count * (a.variance + a.mean ** 2) + b.count * (b.variance + b.mean ** 2)) / count;
  return { from: a.from, to: b.to, count, mean, variance: Math.max(0, square - mean * mean) };
}
