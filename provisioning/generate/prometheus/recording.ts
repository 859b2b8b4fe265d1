import { FROZEN_BINS } from '../../../exporter/src/statistics/frozen-bins.js';
import { metric, type RecordingRule, type RuleGroup, type Span, type Timing } from './rule.js';

/** Windows of the burn-rate alerts, short and long (Google SRE Workbook, chapter 5, table 5-8). */
const WINDOWS: readonly Span[] = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'];

/** Predictions in the long window below which an error ratio says nothing. */
export const FEWEST_PREDICTIONS = 20;
/** Values in the window below which drift is not computed. */
const FEWEST_VALUES = 30;

export const predictionRate = (window: Span): string => `model:mlfi_model_predictions:rate${window}`;
export const errorRatio = (window: Span): string =>
  `model:mlfi_model_prediction_errors_per_predictions:ratio_rate${window}`;

/** Error ratios per model and window. `instance` is aggregated away, so that a failover changes no series. */
export function errorRatios(timing: Timing): RuleGroup {
  return {
    name: 'mlfi-error-ratios',
    interval: timing.span('30s'),
    rules: WINDOWS.flatMap((window): RecordingRule[] => [
      {
        record: predictionRate(window),
        expr: `max without (instance) (rate(${metric('mlfi_model_predictions_total')}[${timing.span(window)}]))`,
      },
      {
        record: `model:mlfi_model_prediction_errors:rate${window}`,
        expr: `max without (instance) (sum without (reason) (rate(${metric('mlfi_model_prediction_errors_total')}[${timing.span(window)}])))`,
      },
      {
        record: errorRatio(window),
        expr: `model:mlfi_model_prediction_errors:rate${window} / (${predictionRate(window)} > 0)`,
      },
    ]),
  };
}

/** Latency and confidence of each model from cumulative histograms. */
export function levels(timing: Timing): RuleGroup {
  const quantile = (q: number, name: 'mlfi_model_latency_seconds' | 'mlfi_model_confidence_ratio'): string =>
    `histogram_quantile(${q}, sum without (instance) (rate(${metric(name, '_bucket')}[${timing.span('5m')}])))`;
  return {
    name: 'mlfi-levels',
    interval: timing.span('30s'),
    rules: [
      { record: 'model:mlfi_model_latency_seconds:p50_rate5m', expr: quantile(0.5, 'mlfi_model_latency_seconds') },
      { record: 'model:mlfi_model_latency_seconds:p95_rate5m', expr: quantile(0.95, 'mlfi_model_latency_seconds') },
      { record: 'model:mlfi_model_latency_seconds:p99_rate5m', expr: quantile(0.99, 'mlfi_model_latency_seconds') },
      { record: 'model:mlfi_model_confidence_ratio:p50_rate5m', expr: quantile(0.5, 'mlfi_model_confidence_ratio') },
      {
        record: 'model:mlfi_model_estimated_accuracy_drop:ratio',
        expr: `max without (instance) (${metric('mlfi_baseline_accuracy_ratio')}) - max without (instance, bound) (${metric('mlfi_estimated_accuracy_ratio')}{bound="high"})`,
      },
    ],
  };
}

const LIVE = 'signal:mlfi_signal_bin_share:ratio_increase1h';
const BASELINE = 'signal:mlfi_signal_bin_baseline_share:ratio';
const DIFFERENCE = 'signal:mlfi_signal_bin_difference:ratio_increase1h';
const CUMULATIVE = 'signal:mlfi_signal_bin_cumulative_difference:ratio_increase1h';

/**
 * Drift out of frozen-bin counters, in PromQL alone: the same formulas and the same floor for empty bins as
 * `statistics/population-stability-index.ts` and `frozen-bins.ts`, over the last hour.
 */
export function drift(timing: Timing): RuleGroup {
  const share = (counts: string): string => `${counts} / ignoring (bin) group_left () sum without (bin) (${counts})`;
  const floored = (name: string): string => `clamp_min(${name}, 1e-4)`;
  const counted = `max without (instance) (increase(${metric('mlfi_signal_bin_values_total')}[${timing.span('1h')}]))`;
  const upTo = (last: number): string => Array.from({ length: last + 1 }, (_, bin) => bin).join('|');
  return {
    name: 'mlfi-drift',
    interval: timing.span('1m'),
    rules: [
      { record: 'signal:mlfi_signal_bin_values:increase1h', expr: counted },
      {
        record: LIVE,
        expr: `signal:mlfi_signal_bin_values:increase1h / ignoring (bin) group_left () (sum without (bin) (signal:mlfi_signal_bin_values:increase1h) >= ${FEWEST_VALUES})`,
      },
      { record: BASELINE, expr: share(`max without (instance) (${metric('mlfi_signal_bin_baseline_values')})`) },
      {
        record: 'signal:mlfi_signal_population_stability:psi_increase1h',
        expr: `sum without (bin) ((${floored(BASELINE)} - ${floored(LIVE)}) * ln(${floored(BASELINE)} / ${floored(LIVE)}))`,
      },
      { record: DIFFERENCE, expr: `${LIVE} - ${BASELINE}` },
      ...Array.from({ length: FROZEN_BINS }, (_, bin): RecordingRule => ({
        record: CUMULATIVE,
        expr: `sum without (bin) (${DIFFERENCE}{bin=~"${upTo(bin)}"})`,
        labels: { upto: String(bin) },
      })),
      { record: 'signal:mlfi_signal_distance:ks_increase1h', expr: `max without (upto) (abs(${CUMULATIVE}))` },
      {
        record: 'signal:mlfi_signal_distance:total_variation_increase1h',
        expr: `sum without (bin) (abs(${DIFFERENCE}{bin=~"c[0-9]+|other"})) / 2`,
      },
    ],
  };
}
