import type { CauseId } from '../../exporter/src/domain/cause.js';
import { kolmogorovSmirnov } from '../../exporter/src/statistics/kolmogorov-smirnov.js';
import type { Rival } from './measure.js';

const SIGNIFICANT = 0.05;
const SPREAD_RATIO = 1.5;
const RELATIVE_SHIFT = 0.2;
const LOW = 0.5;
const PROBES = 13;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - meanOf(values)) ** 2, 0) / values.length);

/**
 * The rule table this project started from, on the rows it would have read (its last 13): failing calls, then low
 * confidence, then a spread 1.5 times the baseline's, then a KS test of the confidence at 5 % or a mean moved by a fifth.
 */
const seedRules: Rival = ({ state }): CauseId => {
  const rows = state.rows.slice(-PROBES);
  const failed = rows.filter(({ failure }) => failure !== null).length;
  if (failed === rows.length) return 'model-unreachable';
  if (failed > 0) return 'endpoint-errors';
  const now = rows.flatMap(({ confidence }) => (confidence === null ? [] : [confidence]));
  const before = state.baselineRows.flatMap(({ confidence }) => (confidence === null ? [] : [confidence]));
  if (now.length > 0 && meanOf(now) < LOW) return 'underconfident-model';
  if (now.length < 5 || before.length < 5) return 'none';
  if (deviationOf(now) > SPREAD_RATIO * deviationOf(before)) return 'unstable-model';
  const isShifted = Math.abs(meanOf(now) - meanOf(before)) / Math.max(1e-9, meanOf(before)) > RELATIVE_SHIFT;
  return isShifted || kolmogorovSmirnov(before, now).pValue < SIGNIFICANT ? 'input-drift' : 'none';
};

/** What drift tools do: the signal that moved furthest names the cause. */
const largestDriftWins: Rival = ({ evaluation: { symptoms } }): CauseId => {
  const confidence = symptoms.findings.find(({ subject }) => subject === 'confidence');
  const prediction = symptoms.prediction.mixDistance ?? 0;
  const [first] = symptoms.features.filter(({ changed }) => changed).toSorted((a, b) => b.distance - a.distance);
  const size = (first?.distance ?? 0) + (first === undefined ? 0 : Math.max(0, first.missingNow - first.missingBefore));
  if (symptoms.service.failures.share > 0.05 && symptoms.service.failures.share > Math.max(size, prediction))
    return 'endpoint-errors';
  if (first !== undefined && size >= prediction) {
    if (first.missingNow - first.missingBefore > 0.05) return 'null-flood';
    if (first.unseenShare > 0.02) return 'new-categories';
    return first.kind === 'categorical' ? 'traffic-mix-change' : 'input-drift';
  }
  if (confidence !== undefined) return 'calibration-decay';
  return symptoms.findings.length === 0 ? 'none' : 'model-changed';
};

/** The answer that needs no evidence. */
const alwaysInputDrift: Rival = () => 'input-drift';

export const RIVALS: Readonly<Record<string, Rival>> = {
  'seed’s rule table': seedRules,
  'largest drift wins': largestDriftWins,
  'always “input drift”': alwaysInputDrift,
};
