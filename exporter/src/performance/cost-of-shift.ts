import { points } from '../domain/quantity-text.js';
import type { Finding } from '../domain/finding.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { FeatureValue, Observation } from '../domain/observation.js';
import type { PerformanceCost, PerformanceEstimate } from '../domain/performance.js';
import { valueCells } from '../statistics/value-cells.js';
import { numericSignal } from '../statistics/window-profile.js';
import { calibrate } from './confidence-calibration.js';

const MIN_ROWS = 50;
const Z = 1.96;

/**
 * Findings with what they are estimated to cost in accuracy, where that can be had: a moved feature by the mix it brings,
 * moved confidence by the whole estimated drop. Without an accuracy estimate nothing is priced.
 */
export function withCosts(
  findings: readonly Finding[],
  performance: PerformanceEstimate,
  state: Pick<MonitoredModelState, 'baseline' | 'baselineRows' | 'rows'>,
): readonly Finding[] {
  const baseline = state.baseline?.profile ?? null;
  const confidence = baseline === null ? null : numericSignal(baseline, 'confidence');
  if (performance.kind === 'unknown' || performance.measure !== 'accuracy') return findings;
  if (baseline === null || confidence === null) return findings;
  const calibration = calibrate(baseline.labels, confidence);
  const probability = (stated: number): number => calibration.probability(stated);
  return findings.map((finding) => {
    const cost = finding.subject.startsWith('feature:')
      ? costOfShift(finding.subject.slice('feature:'.length), state.baselineRows, state.rows, probability)
      : finding.subject === 'confidence'
        ? wholeDrop(performance)
        : null;
    return cost === null ? finding : { ...finding, cost, sentence: `${finding.sentence} ${costText(cost)}` };
  });
}

/** From what the baseline's labels showed; ends by the squares of the distances to the ends of both, added (Newcombe 1998, method 10). */
function wholeDrop(
  performance: Extract<PerformanceEstimate, { kind: 'estimated'; measure: 'accuracy' }>,
): PerformanceCost {
  const { accuracy, band, baselineAccuracy: before } = performance;
  const value = before.share - accuracy;
  const low = value - Math.hypot(before.share - before.interval.low, band.high - accuracy);
  const high = value + Math.hypot(before.interval.high - before.share, accuracy - band.low);
  return { measure: 'accuracy', value, interval: { low, high, level: band.level } };
}

/**
 * What the changed mix of one feature costs: Σ (pᵥ − qᵥ)·cᵥ over its values (tenths for numbers), with p and q the shares
 * before and now and c the mean calibrated confidence among rows of that value. Assumes that such rows are answered as
 * well as before. Its variance is that of the shares, with c given, and that of c: Σ (pᵥ − qᵥ)²·s²ᵥ/nᵥ (delta method).
 * Null with fewer than 50 rows on a side.
 */
export function costOfShift(
  feature: string,
  before: readonly Observation[],
  now: readonly Observation[],
  probability: (confidence: number) => number,
): PerformanceCost | null {
  const values = (rows: readonly Observation[]): readonly (readonly [FeatureValue, number])[] =>
    rows.flatMap(({ features, confidence }) =>
      features === null || confidence === null ? [] : [[features[feature] ?? null, confidence] as const],
    );
  const [a, b] = [values(before), values(now)];
  if (Math.min(a.length, b.length) < MIN_ROWS) return null;
  const cellOf = valueCells(a.map(([value]) => value));
  const tally = new Map<string, { before: number; now: number; sum: number; squares: number }>();
  for (const [side, rows] of [['before', a] as const, ['now', b] as const]) {
    for (const [value, confidence] of rows) {
      const cell = cellOf(value);
      const entry = tally.get(cell) ?? { before: 0, now: 0, sum: 0, squares: 0 };
      entry[side] += 1;
      const share = probability(confidence);
      entry.sum += share;
      entry.squares += share ** 2;
      tally.set(cell, entry);
    }
  }
  let [was, is, wasSquare, isSquare, ofLevels] = [0, 0, 0, 0, 0];
  for (const { before: m, now: n, sum, squares } of tally.values()) {
    const level = sum / (m + n);
    const [p, q] = [m / a.length, n / b.length];
    was += p * level;
    is += q * level;
    wasSquare += p * level ** 2;
    isSquare += q * level ** 2;
    ofLevels += ((p - q) ** 2 * varianceOf(m + n, sum, squares)) / (m + n);
  }
  const ofShares = Math.max(0, wasSquare - was ** 2) / a.length + Math.max(0, isSquare - is ** 2) / b.length;
  const half = Z * Math.sqrt(ofShares + ofLevels);
  const value = was - is;
  return { measure: 'accuracy', value, interval: { low: value - half, high: value + half, level: 0.95 } };
}

/** Of one value nothing can be said: as much as a share can vary. */
const varianceOf = (n: number, sum: number, squares: number): number =>
  n < 2 ? 0.25 : Math.max(0, squares - sum ** 2 / n) / (n - 1);

function costText({ value, interval }: PerformanceCost): string {
  const range = `${points(interval.low)} to ${points(interval.high)}`;
  if (interval.low > 0) {
    return `It is estimated to cost ${points(value)} points of accuracy (${range}), if confidence stays as honest as it was.`;
  }
  return interval.high < 0
    ? `By itself it is not estimated to cost accuracy, if confidence stays as honest as it was (${points(-interval.high)} to ${points(-interval.low)} points gained).`
    : `Whether it costs accuracy by itself cannot be told from chance (${range} points).`;
}
