import { isWrong } from '../../domain/observation.js';
import type { Decomposition, FeatureEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { codeRows, codingsOf } from '../segments/coding.js';
import { blockBootstrap, sumOf } from './block-bootstrap.js';

const MIN_LABELS = 100;
/** Features whose histograms weigh the rows; more would leave few rows with weight. */
const MAX_FEATURES = 4;
/** Ratio of shares beyond which a row would decide alone. */
const MAX_RATIO = 20;
/** Added to every cell, so that an empty one has a ratio. */
const PRIOR_ROWS = 1;

/**
 * Accuracy of all calls (an unanswered one counts as wrong) with labels on both sides, split as DISDE does (Cai, Namkoong &
 * Yadlowsky 2023): both sides are weighed to the input mix they share, π(x) being the window's share at x, from the product
 * of the reported features' histograms. What moves between a side and the shared mix is input mix; what differs on the shared
 * mix is the same kind of row with another outcome: the model when golden inputs show that it answers otherwise, else the
 * concept. Failed calls are serving.
 * @returns null without 100 labels on each side
 */
export function decomposeAccuracy(
  baselineRows: readonly Observation[],
  rows: readonly Observation[],
  features: readonly FeatureEvidence[],
  modelChanged: boolean | null,
): Decomposition | null {
  const usable = (all: readonly Observation[]): Observation[] =>
    all.filter(
      (row) => row.features !== null && (row.failure !== null || (row.label !== null && row.prediction !== null)),
    );
  const before = usable(baselineRows);
  const now = usable(rows);
  const labels = (all: readonly Observation[]): number => all.filter(({ failure }) => failure === null).length;
  if (labels(before) < MIN_LABELS || labels(now) < MIN_LABELS) return null;
  const ratio = densityRatio(before, now, features);
  const alpha = labels(now) / (labels(before) + labels(now));
  const termsOf = (row: Observation, own: 'before' | 'now'): readonly number[] => {
    if (row.failure !== null) return [1, 1, 0, 0, 0, 0];
    const r = ratio(row);
    const pi = (alpha * r) / (alpha * r + 1 - alpha);
    const weight = (own === 'before' ? pi : 1 - pi) / ((1 - alpha) * pi + alpha * (1 - pi));
    const correct = isWrong(row) === false ? 1 : 0;
    // calls · failed · correct · weight · weighed correct · squared weight
    return [1, 0, correct, weight, weight * correct, weight * weight];
  };
  const termsBefore = before.map((row) => termsOf(row, 'before'));
  const termsNow = now.map((row) => termsOf(row, 'now'));
  const sumsBefore = sumOf(termsBefore);
  const sumsNow = sumOf(termsNow);
  const figures = (b: readonly number[], n: readonly number[]): readonly number[] => {
    const [callsB = 1, failedB = 0, correctB = 0, weightB = 1, sharedB = 0] = b;
    const [callsN = 1, failedN = 0, correctN = 0, weightN = 1, sharedN = 0] = n;
    const accuracyB = correctB / Math.max(1, callsB - failedB);
    const accuracyN = correctN / Math.max(1, callsN - failedN);
    const answered = 1 - (failedB / callsB + failedN / callsN) / 2;
    const onSharedB = sharedB / weightB;
    const onSharedN = sharedN / weightN;
    const serving = -((failedN / callsN - failedB / callsB) * (accuracyB + accuracyN)) / 2;
    const mix = answered * (onSharedB - accuracyB + (accuracyN - onSharedN));
    return [correctN / callsN - correctB / callsB, serving, mix, answered * (onSharedN - onSharedB)];
  };
  const values = figures(sumsBefore, sumsNow);
  const intervals = blockBootstrap(termsBefore, termsNow, figures);
  const names = ['serving', 'input mix', modelChanged === true ? 'model' : 'concept'] as const;
  const parts = names.map((name, i) => ({ name, value: values[i + 1] ?? 0, interval: intervals?.[i + 1] ?? null }));
  const total = values[0] ?? 0;
  const effective = (sums: readonly number[]): number => ((sums[3] ?? 0) ** 2 || 0) / Math.max(1e-12, sums[5] ?? 0);
  return {
    measure: 'accuracy',
    before: (sumsBefore[2] ?? 0) / (sumsBefore[0] ?? 1),
    now: (sumsNow[2] ?? 0) / (sumsNow[0] ?? 1),
    total,
    totalInterval: intervals?.[0] ?? null,
    parts,
    remainder: total - parts.reduce((sum, { value }) => sum + value, 0),
    method: 'reweighting',
    interventional: false,
    effectiveRows: Math.min(effective(sumsBefore), effective(sumsNow)),
  };
}

/** now/before share of a row's groups, multiplied over the most reported features and clipped to [1/20, 20]. */
function densityRatio(
  before: readonly Observation[],
  now: readonly Observation[],
  features: readonly FeatureEvidence[],
): (row: Observation) => number {
  const reported = features
    .filter((feature) => feature.reported)
    .sort((a, b) => b.distance - a.distance)
    .slice(0, MAX_FEATURES)
    .map(({ feature }) => feature);
  const codings = codingsOf(before).filter(({ feature }) => reported.includes(feature));
  const shares = (rows: readonly Observation[]): Float64Array[] =>
    codeRows(rows, codings).columns.map((codes, column) => {
      const cells = new Float64Array(1 + (codings[column]?.codes ?? 0)).fill(PRIOR_ROWS);
      for (const code of codes) cells[code] = (cells[code] ?? 0) + 1;
      return cells.map((count) => count / (rows.length + PRIOR_ROWS * cells.length));
    });
  const sharesBefore = shares(before);
  const sharesNow = shares(now);
  return (row) => {
    const product = codings.reduce((ratio, coding, column) => {
      const code = coding.codeOf(row.features?.[coding.feature]);
      return (ratio * (sharesNow[column]?.[code] ?? 1)) / (sharesBefore[column]?.[code] ?? 1);
    }, 1);
    return Math.min(MAX_RATIO, Math.max(1 / MAX_RATIO, product));
  };
}
