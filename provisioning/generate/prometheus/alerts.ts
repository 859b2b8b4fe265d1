import { PAGING_SEVERITIES, pagesPeople } from '../../../exporter/src/domain/paging.js';
import { SEVERITIES } from '../../../exporter/src/domain/severity.js';
import type { ProvisionSettings } from '../settings.js';
import { errorRatio, FEWEST_PREDICTIONS, predictionRate } from './recording.js';
import { metric, type AlertRule, type RuleGroup, type Span, type Timing } from './rule.js';

/** Share of predictions that may fail in 30 days: 1 % is an objective of 99 %. */
const ERROR_BUDGET = 0.01;

/** A symptom is muted while an incident of the model is open, or the model does not answer at all: one cause, one page. */
type Role = 'blind' | 'unreachable' | 'incident' | 'symptom' | 'decision' | 'note';

interface AlertDefinition {
  readonly alert: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly role: Role;
  readonly expr: string;
  readonly for: Span;
  readonly keepFiringFor?: Span;
  /** One static sentence that ends in a period. */
  readonly summary: string;
  /** The facts, templated. */
  readonly description: string;
  /** About one model (has `model_name`), or about mlfi itself. */
  readonly scope: 'model' | 'service';
  /** Told apart from others of the same name. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A failed scrape neither clears nor hides an alert: the last minutes are looked at, not the last sample. */
const high = (series: string, timing: Timing): string =>
  `max without (instance) (max_over_time(${series}[${timing.span('5m')}]))`;
const low = (series: string, timing: Timing): string =>
  `max without (instance) (min_over_time(${series}[${timing.span('5m')}]))`;
/** The newest value; where no mlfi is heard at all, that of the last minutes. A series that mlfi left out is gone at once: the model was removed. */
const held = (series: string, timing: Timing, without: string): string =>
  `(max without (${without}) (${series}) or max without (${without}) (last_over_time(${series}[${timing.span('5m')}])) unless on () ${metric('mlfi_models')})`;
/** Newest of the last minutes. */
const last = (series: string, timing: Timing): string =>
  `max without (instance) (last_over_time(${series}[${timing.span('5m')}]))`;

const PAGING = PAGING_SEVERITIES.join('|');
const WAITING = SEVERITIES.filter((level) => level !== 'none' && !pagesPeople(level)).join('|');
const isPaused = `max without (instance, state) (${metric('mlfi_model_state')}{state="paused"}) == 1`;

const PER_CENT = '{{ $value | humanizePercentage }}';
const AGO = '{{ $value | humanizeDuration }}';

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
  const unreachable = `${low(metric('mlfi_model_up'), timing)} == 0 and on (model_name) ${pages}`;
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
      expr: unreachable,
      for: '1m',
      summary: 'A model does not answer.',
      description: '{{ $labels.model_name }} has not answered its last probes.',
    },
    {
      ...common,
      alert: 'MlfiIncidentOpen',
      severity: 'critical',
      role: 'incident',
      expr: `${pages} unless on (model_name) (${unreachable})`,
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
      expr: `${openAt(WAITING)} unless ${pages}`,
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

function serviceAlerts(timing: Timing): readonly AlertDefinition[] {
  const common = { scope: 'service' } as const;
  return [
    {
      ...common,
      alert: 'MlfiMonitorBlind',
      severity: 'critical',
      role: 'blind',
      expr: `absent(max_over_time(${metric('mlfi_models')}[${timing.span('5m')}])) or max without (instance) (max_over_time(${metric('mlfi_models')}[${timing.span('5m')}])) == 0`,
      for: '5m',
      summary: 'No model is watched.',
      description:
        'Prometheus gets no models from /metrics/models, or mlfi watches none: nothing would be noticed. Silence here is not health.',
    },
    {
      ...common,
      alert: 'MlfiTargetDown',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (max_over_time(up{job=~"mlfi.*"}[${timing.span('5m')}])) == 0`,
      for: '5m',
      summary: 'Prometheus cannot scrape mlfi.',
      description: 'No target of job {{ $labels.job }} has answered for five minutes.',
    },
    {
      ...common,
      alert: 'MlfiRestarting',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (changes(process_start_time_seconds{job=~"mlfi.*"}[${timing.span('1h')}])) > 2`,
      for: '0s',
      summary: 'mlfi starts again and again.',
      description:
        'It has been started {{ $value }} times within an hour. Its log before each start says why it ended.',
    },
    {
      ...common,
      alert: 'MlfiStoreDown',
      severity: 'critical',
      role: 'blind',
      expr: `max without (instance) (max_over_time(${metric('mlfi_store_up')}[${timing.span('5m')}])) == 0`,
      for: '2m',
      summary: 'mlfi cannot write to its store.',
      description: 'Predictions and decisions are refused until the store can be written again.',
    },
    {
      ...common,
      alert: 'MlfiModelsUnrestored',
      severity: 'critical',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_models_unrestored')}[${timing.span('5m')}])) > 0`,
      for: '0s',
      summary: 'Models are not watched because what is stored of them is damaged.',
      description:
        'Left out since the start of mlfi: {{ $value }}. Their rows are refused, and nothing would be noticed of them. /-/ready names them.',
    },
    {
      ...common,
      alert: 'MlfiModelUnwritten',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (min_over_time(${metric('mlfi_model_unwritten')}[${timing.span('5m')}])) == 1 unless on () max(${metric('mlfi_store_up')}) == 0`,
      for: '5m',
      summary: 'mlfi cannot store what it counts of one model.',
      description: 'Rows of {{ $labels.model_name }} are refused. “commit failed” in mlfi’s log says why.',
    },
    {
      ...common,
      alert: 'MlfiStoreDamaged',
      severity: 'critical',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_store_damaged_parts')}[${timing.span('30m')}])) > 0`,
      for: '0s',
      summary: 'What decisions rest on is damaged in the store.',
      description:
        'mlfi takes no votes and executes nothing until the store is whole; monitoring goes on. Run: mlfi store check.',
    },
    {
      ...common,
      alert: 'MlfiStoredRowsUnreadable',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_store_rows_set_aside')}[${timing.span('30m')}])) > 0`,
      for: '0s',
      summary: 'Some stored rows cannot be read.',
      description: '{{ $value }} rows are left out of lists. Run: mlfi store check.',
    },
    {
      ...common,
      alert: 'MlfiAuditChainBroken',
      severity: 'critical',
      role: 'note',
      expr: `min without (instance) (min_over_time(${metric('mlfi_audit_chain_valid')}[${timing.span('30m')}])) == 0`,
      for: '0s',
      summary: 'The audit log was changed after it was written.',
      description:
        'The hash chain of the audit log does not verify. Keep the database as it is, and run: mlfi audit verify.',
    },
    {
      ...common,
      alert: 'MlfiBreakGlassUnreviewed',
      severity: 'critical',
      role: 'note',
      expr: `max without (instance) (last_over_time(${metric('mlfi_break_glass_unreviewed')}[${timing.span('5m')}])) > 0`,
      for: '0s',
      summary: 'A decision was taken by one person alone.',
      description:
        'Break-glass decisions waiting for the review of another approver: {{ $value }}. See: mlfi decisions list --all, or Approvals in the plugin.',
    },
    {
      ...common,
      alert: 'MlfiActionsStopped',
      severity: 'info',
      role: 'note',
      expr: `max without (instance) (last_over_time(${metric('mlfi_kill_switch')}{by="switch"}[${timing.span('5m')}])) > 0`,
      for: '1h',
      summary: 'Approved actions are not executed.',
      description: 'The kill switch has been on for an hour. `mlfi kill-switch show` says who turned it on, and why.',
    },
    {
      ...common,
      alert: 'MlfiWrongCredentials',
      severity: 'warning',
      role: 'note',
      expr: `sum without (instance, reason) (increase(${metric('mlfi_refused_credentials_total')}{reason=~"unknown-key-or-secret|too-many-attempts"}[${timing.span('10m')}])) > 100`,
      for: '5m',
      summary: 'Somebody tries wrong credentials, or a sender has an old one.',
      description:
        '{{ $value | humanize }} requests with a wrong API key, secret or token came within ten minutes. The log of mlfi names the addresses that have to wait.',
    },
    {
      ...common,
      alert: 'MlfiAuditVerificationStale',
      severity: 'warning',
      role: 'note',
      expr: `time() - max without (instance) (last_over_time(${metric('mlfi_audit_last_verified_timestamp_seconds')}[${timing.span('5m')}])) > ${timing.seconds('1h')}`,
      for: '10m',
      summary: 'The audit log has not been verified for an hour.',
      description: `The last verification was ${AGO} ago.`,
    },
    {
      ...common,
      alert: 'MlfiIngestRejecting',
      severity: 'warning',
      role: 'note',
      expr: `sum without (instance, reason) (rate(${metric('mlfi_ingest_rejected_total')}[${timing.span('5m')}])) / (sum without (instance, reason) (rate(${metric('mlfi_ingest_rejected_total')}[${timing.span('5m')}])) + sum without (instance) (rate(${metric('mlfi_ingest_events_total')}[${timing.span('5m')}]))) > 0.05`,
      for: '10m',
      summary: 'mlfi refuses logged predictions.',
      description: `${PER_CENT} of the events sent for {{ $labels.model_name }} in the last minutes were refused; \`mlfi_ingest_rejected_total\` and the answers to the sender say why.`,
    },
    {
      ...common,
      alert: 'MlfiLogFilesFailing',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (increase(${metric('mlfi_log_files_failures_total')}[${timing.span('5m')}])) > 0 unless on () max(${metric('mlfi_store_up')}) == 0`,
      for: '10m',
      summary: 'A folder of log files cannot be read.',
      description:
        'Predictions of {{ $labels.model_name }} wait in its folder (log_files). “cannot be read” in mlfi’s log says why.',
    },
    {
      ...common,
      alert: 'MlfiKafkaAway',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_kafka_up')}[${timing.span('5m')}])) == 0`,
      for: '5m',
      summary: 'Topics of Kafka cannot be read.',
      description:
        'Predictions wait in the topics of {{ $labels.source }} (sources.kafka). “Kafka cannot be read” in mlfi’s log says why.',
    },
    {
      ...common,
      alert: 'MlfiKafkaStuck',
      severity: 'warning',
      role: 'note',
      expr: `(max without (instance) (min_over_time(${metric('mlfi_kafka_lag_records')}[${timing.span('5m')}])) > 0 and max without (instance) (changes(${metric('mlfi_kafka_position_offset')}[${timing.span('15m')}])) == 0) unless on () max(${metric('mlfi_store_up')}) == 0`,
      for: '10m',
      summary: 'A partition of Kafka is not read on.',
      description:
        '{{ $value | humanize }} records wait in partition {{ $labels.partition }} of {{ $labels.topic }} ({{ $labels.source }}), and none was taken in the last minutes.',
    },
    {
      ...common,
      alert: 'MlfiConfigReloadFailed',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_config_last_reload_successful')}[${timing.span('5m')}])) == 0`,
      for: '5m',
      summary: 'A changed configuration was refused.',
      description: 'The earlier one stays in force until the next start, which would fail. Run: mlfi config check.',
    },
    {
      ...common,
      alert: 'MlfiSeriesDropped',
      severity: 'info',
      role: 'note',
      expr: `max without (instance) (max_over_time(${metric('mlfi_model_series_dropped')}[${timing.span('5m')}])) > 0`,
      for: '10m',
      summary: 'Models are missing from the metrics because a limit is reached.',
      description:
        'Left out of /metrics/models because of the limit on {{ $labels.reason }}: {{ $value }}; raise the limits under `metrics`.',
    },
    {
      ...common,
      alert: 'MlfiDiscoveryFailing',
      severity: 'warning',
      role: 'note',
      expr: `max without (instance) (increase(${metric('mlfi_discovery_failures_total')}[${timing.span('30m')}])) > 0 and time() - max without (instance) (last_over_time(${metric('mlfi_discovery_last_success_timestamp_seconds')}[${timing.span('5m')}])) > ${timing.seconds('10m')}`,
      for: '5m',
      summary: 'Models can no longer be discovered.',
      description: 'Source {{ $labels.source }} cannot be read; the models of the last good list stay watched.',
    },
  ];
}

/** What the investigator holds most likely, and what it recommends first; looked up when the notification is written. */
const CAUSE =
  '{{ with printf "topk(1, max by (cause) (mlfi_rca_cause_probability_ratio{model_name=\'%s\'}))" $labels.model_name | query }}{{ . | first | label "cause" }} ({{ . | first | value | humanizePercentage }}){{ else }}not known yet{{ end }}';
const ACTION =
  '{{ with printf "max by (action, state) (mlfi_recommendation_info{model_name=\'%s\'})" $labels.model_name | query }}{{ . | first | label "action" }} ({{ . | first | label "state" }}){{ else }}none proposed yet{{ end }}';

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
