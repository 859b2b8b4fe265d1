import { pagesPeople } from '../../../exporter/src/domain/paging.js';
import { SEVERITIES } from '../../../exporter/src/domain/severity.js';
import type { ProvisionSettings } from '../settings.js';
import {
  ACTION,
  AGO,
  CAUSE,
  held,
  high,
  inStory,
  last,
  low,
  PAGING,
  PER_CENT,
  type AlertDefinition,
} from './alert-parts.js';
import { errorRatio, FEWEST_PREDICTIONS, predictionRate } from './recording.js';
import { serviceAlerts } from './service-alerts.js';
import { metric, type AlertRule, type RuleGroup, type Span, type Timing } from './rule.js';

/** Share of predictions that may fail in 30 days: 1 % is an objective of 99 %. */
const ERROR_BUDGET = 0.01;

const WAITING = SEVERITIES.filter((level) => level !== 'none' && !pagesPeople(level)).join('|');
const isPaused = `max without (instance, state) (${metric('mlfi_model_state')}{state="paused"}) == 1`;

interface BurnRate {
  readonly factor: number;
  readonly long: Span;
  readonly short: Span;
  readonly for: Span;
}

/** Google SRE Workbook, chapter 5, table 5-8. */
const BURN_RATES: readonly BurnRate[] = [
  { factor: 14.4, long: '1h', short: '5m', for: '2m' },
  { factor: 6, long: '6h', short: '30m', for: '15m' },
  { factor: 3, long: '1d', short: '2h', for: '1h' },
  { factor: 1, long: '3d', short: '6h', for: '3h' },
];

function burnRate({ factor, long, short, for: pending }: BurnRate, timing: Timing): AlertDefinition {
  const line = `${factor} * ${ERROR_BUDGET}`;
  return {
    alert: 'MlfiErrorBudgetBurn',
    severity: 'warning',
    role: 'symptom',
    scope: 'model',
    labels: { long_window: long, short_window: short },
    for: pending,
    expr: `${errorRatio(long)} > ${line} and ${errorRatio(short)} > ${line} and ${predictionRate(long)} * ${timing.seconds(long)} >= ${FEWEST_PREDICTIONS} and on (model_name) ${held(metric('mlfi_model_predictions_total'), timing, 'instance')} unless on (model_name) ${isPaused}`,
    summary: 'A model spends its error budget too fast.',
    description: `{{ $labels.model_name }} failed ${PER_CENT} of its calls in the last ${long}, more than ${factor} times what an error budget of ${ERROR_BUDGET * 100} % allows.`,
  };
}

function modelAlerts(timing: Timing): readonly AlertDefinition[] {
  const common = { scope: 'model' } as const;
  const changed = (signals: string): string =>
    `${high(`${metric('mlfi_signal_confirmed_change')}{signal=~"${signals}"}`, timing)} == 1`;
  const noErrors = `max without (instance) (${metric('mlfi_model_window_error_ratio')}) < 0.001`;
  const openAt = (levels: string): string =>
    `${held(`${metric('mlfi_incidents_open')}{level=~"${levels}"}`, timing, 'instance, level')} == 1`;
  const pages = openAt(PAGING);
  // Not answering pages as every other incident does: when mlfi holds it for one.
  const isDown = `${low(metric('mlfi_model_up'), timing)} == 0`;
  const unreachable = `${isDown} and on (model_name) ${pages}`;
  // mlfi itself decides whether a change concerns people, and opens an incident then, which has an alert of its own. What
  // it left without one is to be looked at, never to be called for: it may be an improvement.
  const outsideIncident = `unless on (model_name) ${openAt('.+')}`;
  const stateOf = (state: string): string => `${metric('mlfi_model_state')}{state="${state}"}`;
  return [
    ...BURN_RATES.map((rate) => burnRate(rate, timing)),
    {
      ...common,
      alert: 'MlfiModelUnreachable',
      severity: 'critical',
      role: 'unreachable',
      expr: `${inStory(isDown, timing)} and on (model_name) ${pages}`,
      for: '1m',
      summary: 'A model does not answer.',
      description: '{{ $labels.model_name }} has not answered its last probes.',
    },
    {
      ...common,
      alert: 'MlfiIncidentOpen',
      severity: 'critical',
      role: 'incident',
      expr: `${inStory(pages, timing)} unless on (model_name) (${unreachable})`,
      for: '1m',
      summary: 'mlfi has opened an incident that needs people now.',
      description: 'The incident of {{ $labels.model_name }} has level critical or high.',
    },
    {
      ...common,
      alert: 'MlfiIncidentOpenLow',
      severity: 'warning',
      role: 'incident',
      // Kept on when the incident becomes severe, it would be a second alert of it.
      expr: `${inStory(openAt(WAITING), timing)} unless on (model_name) ${pages}`,
      for: '5m',
      summary: 'mlfi has opened an incident that can wait for working hours.',
      description: 'The incident of {{ $labels.model_name }} has level medium or low.',
    },
    {
      ...common,
      // Not for people: it keeps the symptoms muted while long windows still hold what the incident was about.
      alert: 'MlfiIncidentRecent',
      severity: 'info',
      role: 'incident',
      expr: `max without (instance, level) (max_over_time(${metric('mlfi_incidents_open')}{level=~"${PAGING}"}[${timing.span('35m')}])) == 1`,
      for: '0s',
      summary: 'An incident is open or was open in the last 35 minutes.',
      description: 'Symptoms of {{ $labels.model_name }} that outlive its incident page nobody.',
    },
    {
      ...common,
      alert: 'MlfiSilentFailure',
      severity: 'info',
      role: 'symptom',
      expr: `max without (signal) (${changed('confidence|prediction')}) and on (model_name) ${noErrors} ${outsideIncident}`,
      for: '5m',
      summary: 'A model answers every call, but not as it used to.',
      description:
        'Confidence or predictions of {{ $labels.model_name }} have changed while fewer than 0.1 % of its calls fail: no error rate shows this.',
    },
    {
      ...common,
      alert: 'MlfiGoldenAnswersChanged',
      severity: 'warning',
      role: 'symptom',
      expr: `max without (instance, detector) (max_over_time(${metric('mlfi_findings')}{detector="golden-answers"}[${timing.span('5m')}])) > 0 ${outsideIncident}`,
      for: '2m',
      summary: 'A model answers the same questions differently.',
      description:
        'Golden inputs of {{ $labels.model_name }} get other answers than in the baseline: the model or its serving changed, not the data.',
    },
    {
      ...common,
      alert: 'MlfiDriftCostsAccuracy',
      severity: 'warning',
      role: 'symptom',
      expr: `model:mlfi_model_estimated_accuracy_drop:ratio > 0.02 and on (model_name) max without (signal) (${changed('feature:.+')}) ${outsideIncident}`,
      for: '10m',
      summary: 'Inputs have drifted, and accuracy is estimated to have dropped.',
      description: `Even at the upper end of the estimate the accuracy of {{ $labels.model_name }} is ${PER_CENT} below the baseline, and features are confirmed to have changed.`,
    },
    {
      ...common,
      alert: 'MlfiDriftConfirmed',
      severity: 'info',
      role: 'symptom',
      expr: `${high(metric('mlfi_signals_changed'), timing)} > 0 unless on (model_name) model:mlfi_model_estimated_accuracy_drop:ratio > 0.02 ${outsideIncident}`,
      for: '10m',
      summary: 'Signals of a model have changed, without an estimated effect on accuracy.',
      description: 'Signals of {{ $labels.model_name }} confirmed to have changed: {{ $value }}.',
    },
    {
      ...common,
      alert: 'MlfiFalsePageBudgetLine',
      severity: 'info',
      role: 'symptom',
      expr: `max without (instance) (max_over_time(${metric('mlfi_evidence_ticks')}[${timing.span('5m')}])) >= on (model_name) group_left () max by (model_name) (${metric('mlfi_evidence_line_ticks')}{line="page"}) ${outsideIncident}`,
      for: '1m',
      summary: 'The evidence that a model changed has crossed the line of the false-page budget.',
      description:
        'All signals of {{ $labels.model_name }} together give more evidence of a change than chance would once per false-page budget (30 days by default).',
    },
    {
      ...common,
      alert: 'MlfiPredictionsStopped',
      severity: 'warning',
      role: 'symptom',
      expr: `time() - ${last(metric('mlfi_model_last_prediction_timestamp_seconds'), timing)} > ${timing.seconds('1h')} and on (model_name) ${predictionRate('3d')} > 0 unless on (model_name) ${isPaused}`,
      for: '10m',
      summary: 'The prediction log of a model has gone silent.',
      description: `The last logged prediction of {{ $labels.model_name }} arrived ${AGO} ago.`,
    },
    {
      ...common,
      alert: 'MlfiBaselineStale',
      severity: 'warning',
      role: 'note',
      expr: `time() - ${last(metric('mlfi_baseline_created_timestamp_seconds'), timing)} > ${timing.seconds('90d')}`,
      for: '1h',
      summary: 'A baseline is older than 90 days.',
      description: `The baseline of {{ $labels.model_name }} was admitted ${AGO} ago; what counts as normal may be out of date.`,
    },
    {
      ...common,
      alert: 'MlfiBaselineMissing',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance, state) (min_over_time(${metric('mlfi_baseline_state')}{state=~"absent|learning"}[${timing.span('5m')}])) == 1 unless on (model_name) ${high(stateOf('paused'), timing)} == 1`,
      for: '3d',
      summary: 'A model has learnt no baseline for three days.',
      description: 'Without a baseline mlfi cannot tell whether {{ $labels.model_name }} has changed.',
    },
    {
      ...common,
      alert: 'MlfiEvaluationStale',
      severity: 'warning',
      role: 'note',
      expr: `time() - ${last(metric('mlfi_evaluation_timestamp_seconds'), timing)} > ${timing.seconds('10m')} unless on (model_name) ${high(stateOf('paused'), timing)} == 1`,
      for: '5m',
      summary: 'mlfi has stopped evaluating a model.',
      description: `{{ $labels.model_name }} was last evaluated ${AGO} ago.`,
    },
    {
      ...common,
      alert: 'MlfiDecisionWaiting',
      severity: 'warning',
      role: 'decision',
      expr: `time() - (${last(metric('mlfi_recommendation_oldest_pending_timestamp_seconds'), timing)} > 0) > ${timing.seconds('4h')}`,
      for: '5m',
      summary: 'A recommendation waits for a decision.',
      description: `A recommendation for {{ $labels.model_name }} has waited ${AGO} for somebody to approve or reject it.`,
    },
    {
      ...common,
      alert: 'MlfiExecutionOutcomeUnknown',
      severity: 'critical',
      role: 'decision',
      expr: `${high(metric('mlfi_executions_unknown'), timing)} > 0`,
      for: '1m',
      summary: 'Nobody knows whether an approved action was carried out.',
      description:
        'Actions on {{ $labels.model_name }} that were sent and got no answer: {{ $value }}. They are never sent again by themselves: check the target.',
    },
    {
      ...common,
      alert: 'MlfiActionDidNotHelp',
      severity: 'warning',
      role: 'decision',
      expr: `max without (instance, outcome) (increase(${metric('mlfi_verifications_total')}{outcome="not_recovered"}[${timing.span('1h')}])) > 0`,
      for: '1m',
      keepFiringFor: '30m',
      summary: 'An approved action did not help.',
      description: 'The success criteria of an action on {{ $labels.model_name }} were not met.',
    },
  ];
}

function ruleOf(definition: AlertDefinition, timing: Timing, settings: ProvisionSettings): AlertRule {
  const plugin = `${settings.grafanaUrl}/a/mlfi-investigator-app`;
  return {
    alert: definition.alert,
    expr: definition.expr,
    for: definition.for === '0s' ? '0s' : timing.span(definition.for),
    ...(definition.keepFiringFor === undefined ? {} : { keep_firing_for: timing.span(definition.keepFiringFor) }),
    labels: {
      severity: definition.severity,
      origin: 'mlfi',
      mlfi_scope: definition.scope,
      mlfi_role: definition.role,
      ...definition.labels,
    },
    annotations: {
      summary: definition.summary,
      description: definition.description,
      ...(definition.scope === 'model' ? { cause: CAUSE, action: ACTION } : {}),
      ...(settings.runbookUrl === null
        ? {}
        : { runbook_url: `${settings.runbookUrl}#${definition.alert.toLowerCase()}` }),
      investigation_url:
        definition.scope === 'model' ? `${plugin}/models/{{ $labels.model_name }}/incident` : `${plugin}/fleet`,
    },
  };
}

/** Every alert, as Prometheus wants it. */
export function alertGroups(timing: Timing, settings: ProvisionSettings): readonly RuleGroup[] {
  const group = (name: string, definitions: readonly AlertDefinition[]): RuleGroup => ({
    name,
    interval: timing.span('30s'),
    rules: definitions.map((definition) => ruleOf(definition, timing, settings)),
  });
  return [group('mlfi-models', modelAlerts(timing)), group('mlfi-service', serviceAlerts(timing))];
}

/** Every alert without its group, for those who raise them elsewhere. */
export const alertRules = (timing: Timing, settings: ProvisionSettings): readonly AlertRule[] =>
  alertGroups(timing, settings).flatMap(({ rules }) => rules.filter((rule): rule is AlertRule => 'alert' in rule));
