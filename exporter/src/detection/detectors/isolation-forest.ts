import { percent } from '../../domain/quantity-text.js';
import { anomalyScores } from '../isolation-forest/forest.js';
import { QUIET_ROW_SHARE } from '../row-anomaly.js';
import { clopperPearsonLower, proportion } from '../../statistics/clopper-pearson.js';
import { SUB_WINDOW_ROWS, WINDOW_VECTOR, windowVectors } from '../forest-baseline.js';
import {
  blind,
  found,
  nothing,
  windowOf,
  type DetectionInput,
  type Detector,
  type DetectorResult,
} from '../detection-input.js';

const FEATURES_BLAMED = 3;

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
  const { rowAnomaly, thresholds } = input;
  if (rowAnomaly.verdict === 'unknown')
    return input.forest === null ? blind('unusual rows', rowAnomaly.reason) : nothing;
  if (rowAnomaly.verdict === 'usual') return nothing;
  const { share, interval, rows } = rowAnomaly;
  const attributed = rowAnomaly.contributions.slice(0, FEATURES_BLAMED);
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
      value: share - QUIET_ROW_SHARE,
      interval: { ...interval, low: interval.low - QUIET_ROW_SHARE, high: interval.high - QUIET_ROW_SHARE },
    },
    statistics: attributed.map(({ feature, share: part }) => ({ name: `contribution:${feature}`, value: part })),
    before: QUIET_ROW_SHARE,
    now: share,
    window: windowOf(input),
    baselineSamples: null,
    sentence: `${percent(share)} of ${rows} rows are as unusual as the most unusual hundredth of the baseline, mostly by ${attributed.map(({ feature }) => `“${feature}”`).join(', ')}.`,
  });
}
