import { anomalyScores, columnContributions } from '../isolation-forest/forest.js';
import { clopperPearsonLower, proportion } from '../statistics/clopper-pearson.js';
import { SUB_WINDOW_ROWS, WINDOW_VECTOR, windowVectors } from '../forest-baseline.js';
import {
  blind,
  found,
  nothing,
  percent,
  windowOf,
  type DetectionInput,
  type Detector,
  type DetectorResult,
} from '../detection-input.js';

/** By construction this share of quiet rows lies above the line. */
const QUIET_SHARE = 0.01;

/** Many rows, or many groups of answers, are unlike the baseline's taken as a whole, even if no single figure is. */
export const isolationForest: Detector = {
  id: 'isolation-forest',
  detect(input) {
    const behaviour = unusualBehaviour(input);
    const rowsLooked = unusualRows(input);
    return { findings: [...rowsLooked.findings, ...behaviour.findings], blindSpots: rowsLooked.blindSpots };
  },
};

/** Share of sub-windows above the line that is more than chance: the line is the highest of at least ten quiet ones. */
const UNUSUAL_SUB_WINDOWS = 0.5;
const FEWEST_SUB_WINDOWS = 8;
/** Expected above the highest of ten held-out scores. */
const QUIET_SUB_WINDOW_SHARE = 0.1;

function unusualBehaviour(input: DetectionInput): DetectorResult {
  const { windowForest } = input;
  const vectors = windowVectors(input.rows);
  if (windowForest === null || vectors.length < FEWEST_SUB_WINDOWS) return nothing;
  const above = anomalyScores(windowForest.forest, vectors).filter((score) => score > windowForest.line).length;
  const share = above / vectors.length;
  if (
    share < UNUSUAL_SUB_WINDOWS ||
    clopperPearsonLower(above, vectors.length, input.thresholds.significance) <= 2 * QUIET_SUB_WINDOW_SHARE
  )
    return nothing;
  return found({
    detector: 'isolation-forest',
    subject: 'traffic',
    kind: 'note',
    direction: 'changed',
    statistic: { name: 'anomalous_window_share', value: share },
    threshold: UNUSUAL_SUB_WINDOWS,
    pValue: null,
    effect: { measure: 'share', value: share, interval: proportion(above, vectors.length).interval },
    statistics: [],
    before: 0,
    now: share,
    window: windowOf(input),
    baselineSamples: null,
    sentence: `In ${above} of ${vectors.length} groups of ${SUB_WINDOW_ROWS} answers, ${WINDOW_VECTOR.join(', ')} taken together are more unusual than anything held out of the baseline.`,
  });
}

function unusualRows(input: DetectionInput): DetectorResult {
  const { forest, thresholds } = input;
  if (forest === null)
    return blind('unusual rows', 'no rows of the baseline are in memory (no features, or the service was restarted)');
  const rows = input.rows.filter((row) => row.features !== null);
  if (rows.length < thresholds.minimumWindowSamples) return nothing;
  const encoded = rows.map((row) => forest.encode(row));
  const scores = anomalyScores(forest.forest, encoded);
  const unusual = encoded.filter((_, i) => (scores[i] ?? 0) > forest.line);
  const share = unusual.length / rows.length;
  if (share < thresholds.anomalousRowShare) return nothing;
  if (clopperPearsonLower(unusual.length, rows.length, thresholds.significance) <= 2 * QUIET_SHARE) return nothing;
  const blamed = blame(
    unusual.slice(0, 50).map((row) => columnContributions(forest.forest, row, forest.features.length)),
    forest.features,
  );
  return found({
    detector: 'isolation-forest',
    subject: 'rows',
    kind: 'data',
    direction: 'up',
    statistic: { name: 'anomalous_row_share', value: share },
    threshold: thresholds.anomalousRowShare,
    pValue: null,
    effect: {
      measure: 'share',
      value: share - QUIET_SHARE,
      interval: proportion(unusual.length, rows.length).interval,
    },
    statistics: blamed.map(({ feature, share: part }) => ({ name: `contribution:${feature}`, value: part })),
    before: QUIET_SHARE,
    now: share,
    window: windowOf(input),
    baselineSamples: null,
    sentence: `${percent(share)} of ${rows.length} rows are as unusual as the most unusual hundredth of the baseline, mostly by ${blamed.map(({ feature }) => `\`${feature}\``).join(', ')}.`,
  });
}

function blame(
  contributions: readonly (readonly number[])[],
  features: readonly string[],
): { readonly feature: string; readonly share: number }[] {
  return features
    .map((feature, i) => ({
      feature,
      share: contributions.reduce((sum, row) => sum + (row[i] ?? 0), 0) / Math.max(1, contributions.length),
    }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 3);
}
