import type { AlertRule } from './grafana/managed-rule.js';
import type { ProvisionSettings } from './settings.js';

interface Alert {
  /** CamelCase with the prefix `Mlfi`. */
  readonly name: string;
  /** PromQL that yields a series for every case that is wrong, and nothing otherwise. */
  readonly expr: string;
  /** How long it must hold, as a Prometheus duration. */
  readonly for: string;
  /** How long it keeps firing after it no longer holds; null = not at all. */
  readonly keepFiringFor: string | null;
  /** `critical` pages, `warning` makes a ticket, `info` is not routed. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** A sentence without figures. */
  readonly summary: string;
  /** The figures, in Prometheus' template language: `$labels` and `$value`. */
  readonly description: string;
  /** Whether its series carry `model_name`, so that it can link to the model in the plugin. */
  readonly perModel: boolean;
}

const errorShare = (window: string): string =>
  `sum by (model_name) (rate(mlfi_model_prediction_errors_total[${window}])) / sum by (model_name) (rate(mlfi_model_predictions_total[${window}]))`;

/**
 * Error budget burn over a long and a short window (Google SRE Workbook, table 5-8) for an objective of 99 %, with a guard:
 * fewer than 20 predictions in the long window tell nothing.
 */
const burn = (factor: number, long: string, short: string): string =>
  `(${errorShare(long)} > ${factor} * 0.01) and (${errorShare(short)} > ${factor} * 0.01) and (sum by (model_name) (increase(mlfi_model_predictions_total[${long}])) >= 20)`;

/** A gauge over five minutes, so that one failed scrape neither clears nor raises an alert. */
const highest = (metric: string, window = '5m'): string => `max by (model_name) (max_over_time(${metric}[${window}]))`;

/** What pages and what only warns. */
const ALERTS: readonly Alert[] = [
  {
    name: 'MlfiModelUnreachable',
    expr: `${highest('mlfi_model_up', '2m')} == 0`,
    for: '1m',
    keepFiringFor: null,
    severity: 'critical',
    summary: 'A model gives no answer.',
    description: 'Model {{ $labels.model_name }} has given no answer for at least two minutes.',
    perModel: true,
  },
  {
    name: 'MlfiErrorBudgetBurnFast',
    expr: burn(14.4, '1h', '5m'),
    for: '2m',
    keepFiringFor: null,
    severity: 'critical',
    summary: 'A model burns its error budget fast.',
    description:
      'Model {{ $labels.model_name }} fails {{ $value | humanizePercentage }} of its predictions over the last hour.',
    perModel: true,
  },
  {
    name: 'MlfiErrorBudgetBurnSlow',
    expr: burn(3, '1d', '2h'),
    for: '1h',
    keepFiringFor: null,
    severity: 'warning',
    summary: 'A model burns its error budget slowly.',
    description:
      'Model {{ $labels.model_name }} fails {{ $value | humanizePercentage }} of its predictions over the last day.',
    perModel: true,
  },
  {
    name: 'MlfiIncidentOpen',
    expr: highest('mlfi_incidents_open{level=~"critical|high"}') + ' > 0',
    for: '1m',
    keepFiringFor: null,
    severity: 'critical',
    summary: 'mlfi holds an incident open that hurts users.',
    description:
      'Model {{ $labels.model_name }} has an open incident of the level critical or high; its cause and the actions to decide on are in the plugin.',
    perModel: true,
  },
  {
    name: 'MlfiIncidentOpenMinor',
    expr: highest('mlfi_incidents_open{level=~"medium|low"}') + ' > 0',
    for: '15m',
    keepFiringFor: '30m',
    severity: 'warning',
    summary: 'mlfi holds an incident open that may come to hurt users.',
    description: 'Model {{ $labels.model_name }} has an open incident of the level medium or low.',
    perModel: true,
  },
  {
    name: 'MlfiGoldenAnswersChanged',
    expr: highest('mlfi_findings{detector="golden-answers"}', '10m') + ' > 0',
    for: '5m',
    keepFiringFor: '30m',
    severity: 'warning',
    summary: 'A model answers its golden inputs differently.',
    description: 'Model {{ $labels.model_name }} answers the same questions differently than in its baseline.',
    perModel: true,
  },
  {
    name: 'MlfiPredictionsStopped',
    expr: 'time() - max by (model_name) (max_over_time(mlfi_model_last_prediction_timestamp_seconds[10m])) > 3600',
    for: '5m',
    keepFiringFor: null,
    severity: 'warning',
    summary: 'The prediction log of a model has gone silent.',
    description: 'Model {{ $labels.model_name }} logged its last prediction {{ $value | humanizeDuration }} ago.',
    perModel: true,
  },
  {
    name: 'MlfiLooksStale',
    expr: 'time() - max by (model_name) (max_over_time(mlfi_evaluation_timestamp_seconds[10m])) > 600 unless on (model_name) (mlfi_model_state{state="paused"} == 1)',
    for: '5m',
    keepFiringFor: null,
    severity: 'warning',
    summary: 'mlfi no longer judges a model.',
    description: 'Model {{ $labels.model_name }} was last judged {{ $value | humanizeDuration }} ago.',
    perModel: true,
  },
  {
    name: 'MlfiSeriesDropped',
    expr: 'max(max_over_time(mlfi_series_dropped_total[15m])) > 0',
    for: '15m',
    keepFiringFor: null,
    severity: 'warning',
    summary: 'mlfi leaves series out of its scrape.',
    description: '{{ $value }} samples found no room in the last scrape of /metrics/models.',
    perModel: false,
  },
  {
    name: 'MlfiMonitorBlind',
    expr: 'absent(mlfi_model_info)',
    for: '5m',
    keepFiringFor: null,
    severity: 'critical',
    summary: 'No model is watched: mlfi is blind.',
    description: 'Prometheus has no mlfi_model_info: mlfi is down, not scraped, or watches nothing.',
    perModel: false,
  },
];

/** Every alert as Prometheus takes it. */
export const alertRules = ({ grafanaUrl, runbookUrl }: ProvisionSettings): readonly AlertRule[] =>
  ALERTS.map(({ name, expr, for: pending, keepFiringFor, severity, summary, description, perModel }) => ({
    alert: name,
    expr,
    for: pending,
    ...(keepFiringFor === null ? {} : { keep_firing_for: keepFiringFor }),
    labels: { severity, origin: 'mlfi' },
    annotations: {
      summary,
      description,
      runbook_url: `${runbookUrl}#${name.toLowerCase()}`,
      investigation_url: `${grafanaUrl}/a/mlfi-investigator-app/${perModel ? 'models/{{ $labels.model_name }}' : 'fleet'}`,
    },
  }));
