/** What a scrape of one of the three surfaces may hold. */
export type Surface = 'process' | 'models' | 'probe';

/** One metric family. Rendering, docs/metrics.md, the recording and alerting rules and the dashboards are made of this table. */
export interface Metric {
  readonly surface: Surface;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** Unit of the value, for people; `1` for flags, counts and factors without one. */
  readonly unit: 'seconds' | 'bytes' | 'ratio' | 'ticks' | '1';
  /** Labels in the order they are written, after `model_name` on the models surface. */
  readonly labels: readonly string[];
  /** On the models surface: whether the family is about one model and carries `model_name`. */
  readonly scope: 'model' | 'service';
}

type Row = readonly [type: Metric['type'], unit: Metric['unit'], labels: readonly string[], help: string];

function rows<Name extends string>(
  surface: Surface,
  scope: Metric['scope'],
  table: Readonly<Record<Name, Row>>,
): Record<Name, Metric> {
  return Object.fromEntries(
    Object.entries<Row>(table).map(([name, [type, unit, labels, help]]) => [
      name,
      { surface, scope, type, unit, labels, help },
    ]),
  ) as Record<Name, Metric>;
}

/** `/metrics/models`, one set per model; every series also carries `model_name`. */
export const MODEL_METRICS = rows('models', 'model', {
  mlfi_model_info: [
    'gauge',
    '1',
    ['model_version', 'connector', 'team', 'endpoint_host', 'served_model'],
    'Facts about a watched model, always 1; join with `* on (model_name) group_left (model_version, team)`',
  ],
  mlfi_model_state: ['gauge', '1', ['state'], 'State of the model; exactly one is 1'],
  mlfi_model_up: [
    'gauge',
    '1',
    [],
    'Whether the model answered in the evaluated window; absent for one that mlfi does not ask, unless all calls that are logged of it fail, and for one that never answered yet',
  ],
  mlfi_model_probes_total: ['counter', '1', [], 'Background probes since the model was added'],
  mlfi_model_probe_failures_total: ['counter', '1', ['reason'], 'Background probes that failed'],
  mlfi_model_predictions_total: ['counter', '1', [], 'Predictions seen, probed and logged'],
  mlfi_model_prediction_errors_total: ['counter', '1', ['reason'], 'Predictions that failed'],
  mlfi_model_latency_seconds: [
    'histogram',
    'seconds',
    ['le'],
    'Response time of the model, probed and logged, since mlfi started (a start is a counter reset)',
  ],
  mlfi_model_confidence_ratio: [
    'histogram',
    'ratio',
    ['le'],
    'Confidence of the answers, since mlfi started (a start is a counter reset)',
  ],
  mlfi_model_last_probe_timestamp_seconds: ['gauge', 'seconds', [], 'Time of the last probe'],
  mlfi_model_certificate_expiry_timestamp_seconds: [
    'gauge',
    'seconds',
    [],
    'When the certificate of the model’s server ends, as it was last shown to mlfi',
  ],
  mlfi_model_unwritten: [
    'gauge',
    '1',
    [],
    'Whether what is counted of the model could not be stored at the last commit',
  ],
  mlfi_model_last_prediction_timestamp_seconds: [
    'gauge',
    'seconds',
    [],
    'Time of the last logged prediction that the model is judged by',
  ],
  mlfi_model_window_samples: ['gauge', '1', [], 'Calls in the evaluated window'],
  mlfi_model_window_error_ratio: ['gauge', 'ratio', [], 'Share of failed calls in the evaluated window'],
  mlfi_model_window_confidence_ratio: ['gauge', 'ratio', [], 'Mean confidence in the evaluated window'],
  mlfi_model_window_latency_seconds: [
    'histogram',
    'seconds',
    ['le'],
    'Latency in the evaluated window (a sliding window, not a cumulative histogram)',
  ],
  mlfi_model_window_confidence_distribution: [
    'histogram',
    'ratio',
    ['le'],
    'Confidence in the evaluated window (a sliding window, not a cumulative histogram)',
  ],
  mlfi_baseline_state: ['gauge', '1', ['state'], 'State of the baseline; exactly one is 1'],
  mlfi_baseline_info: ['gauge', '1', ['baseline_version'], 'Version of the baseline in force, always 1'],
  mlfi_baseline_samples: ['gauge', '1', [], 'Samples in the baseline, or answered ones learnt so far'],
  mlfi_baseline_created_timestamp_seconds: ['gauge', 'seconds', [], 'When the baseline in force was admitted'],
  mlfi_signal_bin_values_total: [
    'counter',
    '1',
    ['signal', 'bin'],
    'Values that fell into a frozen bin of the baseline since it was admitted or the process started; the best-filled signals only',
  ],
  mlfi_signal_bin_baseline_values: ['gauge', '1', ['signal', 'bin'], 'Values of the baseline in the same bins'],
  mlfi_signal_population_stability: [
    'gauge',
    '1',
    ['signal'],
    'Population stability index of the evaluated window against the baseline, over the exported bins',
  ],
  mlfi_signal_distance_ratio: [
    'gauge',
    'ratio',
    ['signal'],
    'Kolmogorov-Smirnov distance (numeric) or total variation (categorical) of the evaluated window from the baseline, over the exported bins',
  ],
  mlfi_evidence_line_ratio: [
    'gauge',
    'ratio',
    [],
    'Evidence that anything changed, on a log scale from 0 to the alert threshold at 1',
  ],
  mlfi_evidence_ticks: [
    'gauge',
    'ticks',
    [],
    'Evidence that anything changed, in ticks; crosses mlfi_evidence_line_ticks once per false-page budget by chance',
  ],
  mlfi_evidence_line_ticks: [
    'gauge',
    'ticks',
    ['line'],
    'Paging line in ticks: mean time between false pages divided by the tick',
  ],
  mlfi_false_page_budget_left_ratio: [
    'gauge',
    'ratio',
    [],
    'Part of the false-page budget that the evidence has not used up; 0 at an alarm',
  ],
  mlfi_signal_evidence_log: [
    'gauge',
    '1',
    ['signal', 'watch'],
    'Natural logarithm of the evidence that one signal changed, in ticks; the strongest signals only',
  ],
  mlfi_signal_confirmed_change: [
    'gauge',
    '1',
    ['signal'],
    'Signals shown to have changed with false discoveries controlled, 1 each; absent otherwise',
  ],
  mlfi_signals_changed: ['gauge', '1', [], 'Number of signals shown to have changed, those not exported included'],
  mlfi_change_timestamp_seconds: ['gauge', 'seconds', [], 'Estimated start of the change behind the alarm'],
  mlfi_baseline_accuracy_ratio: ['gauge', 'ratio', [], 'Accuracy of the baseline, from its labels'],
  mlfi_estimated_accuracy_ratio: [
    'gauge',
    'ratio',
    ['bound'],
    'Accuracy of the evaluated window estimated without its labels (CBPE), with the ends of its 95 % band',
  ],
  mlfi_realised_accuracy_ratio: ['gauge', 'ratio', [], 'Accuracy of the evaluated answers whose labels have arrived'],
  mlfi_estimated_absolute_error: [
    'gauge',
    '1',
    ['bound'],
    "Mean absolute error of the evaluated window's numeric answers estimated without labels (DLE), in the answer's unit, with the ends of its 95 % band",
  ],
  mlfi_realised_absolute_error: [
    'gauge',
    '1',
    [],
    "Mean absolute error of the evaluated numeric answers whose labels have arrived, in the answer's unit",
  ],
  mlfi_findings: ['gauge', '1', ['detector'], 'Findings of the last evaluation'],
  mlfi_blind_spots: ['gauge', '1', [], 'Checks that could not be made, and parts of what is sent that are not watched'],
  mlfi_finding_ratio: [
    'gauge',
    'ratio',
    ['detector', 'signal'],
    'Statistic of a finding divided by its line; 1 is the line',
  ],
  mlfi_incidents_open: ['gauge', '1', ['level'], 'Open incidents by level; none while the model is paused'],
  mlfi_incident_story_info: [
    'gauge',
    '1',
    ['story', 'shared', 'address'],
    'The story the open incident is told in, always 1; models of the same `story` have one fault upstream: one `address`, feature or source. None while the model is paused',
  ],
  mlfi_incidents_total: ['counter', '1', [], 'Incidents opened since the model was added'],
  mlfi_recurring_cause_incidents: [
    'gauge',
    '1',
    ['cause'],
    'Incidents of the last 90 days with a cause that keeps coming back; absent below three',
  ],
  mlfi_incident_opened_timestamp_seconds: ['gauge', 'seconds', [], 'When the open incident was opened'],
  mlfi_rca_cause_probability_ratio: ['gauge', 'ratio', ['cause'], 'Probability of each cause of the open incident'],
  mlfi_rca_attribution_ratio: [
    'gauge',
    'ratio',
    ['signal'],
    'Share of the change of the open incident carried by a feature; absent without an incident',
  ],
  mlfi_recommendation_info: [
    'gauge',
    '1',
    ['action', 'cause', 'priority', 'state'],
    'The most urgent recommendation of the open incident, always 1',
  ],
  mlfi_recommendations: [
    'gauge',
    '1',
    ['state'],
    'Recommendations by state; pending advice, which executes nothing, is not counted',
  ],
  mlfi_recommendation_oldest_pending_timestamp_seconds: [
    'gauge',
    'seconds',
    [],
    'When the recommendation that waits longest for a decision was made; 0 when none waits',
  ],
  mlfi_executions_total: ['counter', '1', ['executor'], 'Actions dispatched'],
  mlfi_execution_failures_total: ['counter', '1', ['executor'], 'Actions that failed'],
  mlfi_executions_unknown: ['gauge', '1', [], 'Actions whose outcome is not known and needs a human'],
  mlfi_verifications_total: ['counter', '1', ['outcome'], 'Verified actions by outcome'],
  mlfi_alerts_firing: ['gauge', '1', ['sender'], 'Alerts about the model that others raised and that still fire'],
  mlfi_evaluation_timestamp_seconds: ['gauge', 'seconds', [], 'When the model was last evaluated'],
  mlfi_evaluation_duration_seconds: ['gauge', 'seconds', [], 'How long the last evaluation took'],
});

/** `/metrics/models`, once: what the replicas share. */
export const FLEET_METRICS = rows('models', 'service', {
  mlfi_models: ['gauge', '1', [], 'Watched models, those without series of their own included'],
  mlfi_model_series: ['gauge', '1', [], 'Series of models in this scrape'],
  mlfi_model_series_dropped: ['gauge', '1', ['reason'], 'Series left out of this scrape by a limit'],
  mlfi_audit_entries_total: ['counter', '1', [], 'Entries of the audit log'],
  mlfi_audit_chain_valid: ['gauge', '1', [], 'Whether the last verification of the audit log found it intact'],
  mlfi_audit_last_verified_timestamp_seconds: ['gauge', 'seconds', [], 'When the audit log was last verified'],
  mlfi_audit_anchored_sequence: ['gauge', '1', [], 'Entries of the audit log that the newest signed checkpoint covers'],
  mlfi_audit_last_anchored_timestamp_seconds: ['gauge', 'seconds', [], 'When the newest signed checkpoint was made'],
  mlfi_votes_total: ['counter', '1', ['verdict'], 'Votes of people on what was proposed'],
  mlfi_break_glass_total: ['counter', '1', [], 'Decisions one person took alone by breaking the glass'],
  mlfi_break_glass_unreviewed: ['gauge', '1', [], 'Of them, those that nobody else has reviewed yet'],
  mlfi_kill_switch: [
    'gauge',
    '1',
    ['by'],
    'Whether no action is executed: switched by an admin or after a restored backup (switch), or set in the configuration',
  ],
});

/** `/metrics`: this process. process_* and nodejs_* of prom-client come with it. */
export const PROCESS_METRICS = rows('process', 'service', {
  mlfi_build_info: ['gauge', '1', ['version', 'nodeversion'], 'Version of this process, always 1'],
  mlfi_config_last_reload_successful: ['gauge', '1', [], 'Whether the last reload of the configuration was taken'],
  mlfi_http_request_duration_seconds: [
    'histogram',
    'seconds',
    ['route', 'method', 'code', 'le'],
    'How long requests took, by route template',
  ],
  mlfi_ingest_events_total: ['counter', '1', ['model_name'], 'Logged predictions and labels taken'],
  mlfi_logged_calls_total: [
    'counter',
    '1',
    ['outcome'],
    'Events and spans of logged calls: paired, waiting (for the other half), row, repeated, late, skipped, refused, unanswered (given up)',
  ],
  mlfi_logged_calls_waiting_bytes: ['gauge', 'bytes', [], 'Requests and responses that wait for their other half'],
  mlfi_log_files_waiting_bytes: [
    'gauge',
    'bytes',
    ['model_name'],
    'Bytes in the folders of log files (log_files) that are not taken yet; absent while a folder cannot be listed',
  ],
  mlfi_log_files_failures_total: ['counter', '1', ['model_name'], 'Looks at folders of log files that failed anywhere'],
  mlfi_import_heard_timestamp_seconds: [
    'gauge',
    'seconds',
    ['model_name'],
    'When an import under way was last heard of; while there is one the model is not watched',
  ],
  mlfi_kafka_up: ['gauge', '1', ['source'], 'Whether the topics of a source (sources.kafka) can be read'],
  mlfi_kafka_records_total: [
    'counter',
    '1',
    ['source', 'outcome'],
    'Records read: taken, known (taken before a restart or rebalance), waiting (for the other half of a call), repeated, skipped, refused (no row of it was taken), unanswered (given up); and deleted (by Kafka, before they were read)',
  ],
  mlfi_kafka_position_offset: [
    'gauge',
    '1',
    ['source', 'topic', 'partition'],
    'The next offset to read, as the group has it; only of partitions this mlfi has now',
  ],
  mlfi_kafka_lag_records: [
    'gauge',
    '1',
    ['source', 'topic', 'partition'],
    'Records between that offset and the end of the partition',
  ],
  mlfi_refused_credentials_total: [
    'counter',
    '1',
    ['reason'],
    'Requests refused for who asked: without a credential, with a wrong one, or with one that may not',
  ],
  mlfi_ingest_rejected_total: [
    'counter',
    '1',
    ['model_name', 'reason'],
    'Logged predictions and labels refused, by the reason the sender was told',
  ],
  mlfi_ready: [
    'gauge',
    '1',
    [],
    'Whether mlfi has started and the store took a write at the last check; models left out (mlfi_models_unrestored) do not lower it',
  ],
  mlfi_models_unrestored: [
    'gauge',
    '1',
    [],
    'Models left out since the start because what is stored of them cannot be read',
  ],
  mlfi_store_damaged_parts: [
    'gauge',
    '1',
    [],
    'Tables of decisions, and the chain of the audit log, found damaged; above 0 no decision is taken',
  ],
  mlfi_store_rows_set_aside: [
    'gauge',
    '1',
    [],
    'Stored rows met since the start that cannot be read and are left out of lists',
  ],
  mlfi_store_up: ['gauge', '1', [], 'Whether the store could be written at the last check'],
  mlfi_series_dropped_total: [
    'counter',
    '1',
    ['reason'],
    'Series left out of scrapes of /metrics/models by a limit, counted at every scrape',
  ],
  mlfi_render_duration_seconds: [
    'gauge',
    'seconds',
    [],
    'How long the last rendering of /metrics/models took, pauses included',
  ],
  mlfi_webhooks_received_total: ['counter', '1', ['sender'], 'Alert notifications received'],
  mlfi_webhook_alerts_total: [
    'counter',
    '1',
    ['sender', 'outcome'],
    'Alerts in received notifications: taken, duplicate, resolved, own (refused: raised by mlfi itself) or unassigned (kept without a model)',
  ],
  mlfi_discovery_models: ['gauge', '1', ['source'], 'Models found at a discovery source'],
  mlfi_discovery_failures_total: ['counter', '1', ['source'], 'Refreshes of a discovery source that failed'],
  mlfi_discovery_last_success_timestamp_seconds: [
    'gauge',
    'seconds',
    ['source'],
    'When a discovery source was last read',
  ],
});

/** `/probe`: one probe of one model. Names without `mlfi_` are those of blackbox_exporter, so that its dashboards work. */
export const PROBE_METRICS = rows('probe', 'service', {
  probe_success: ['gauge', '1', [], 'Whether every call was answered'],
  probe_duration_seconds: ['gauge', 'seconds', [], 'How long the whole probe took'],
  probe_timeout_seconds: ['gauge', 'seconds', [], 'Time the probe was given'],
  probe_http_status_code: [
    'gauge',
    '1',
    [],
    'HTTP status of the last failed call, else of the last call; 0 when there was no HTTP answer',
  ],
  mlfi_probe_samples: ['gauge', '1', [], 'Calls made'],
  mlfi_probe_failures: ['gauge', '1', ['reason'], 'Calls that failed, by reason'],
  mlfi_probe_latency_seconds: ['gauge', 'seconds', [], 'Mean response time of the answered calls'],
  mlfi_probe_confidence_ratio: ['gauge', 'ratio', [], 'Mean confidence of the answers'],
});

export const METRICS = { ...MODEL_METRICS, ...FLEET_METRICS, ...PROCESS_METRICS, ...PROBE_METRICS } as const;

export type ModelMetricName = keyof typeof MODEL_METRICS;
export type FleetMetricName = keyof typeof FLEET_METRICS;
export type ProcessMetricName = keyof typeof PROCESS_METRICS;
export type ProbeMetricName = keyof typeof PROBE_METRICS;
export type MetricName = keyof typeof METRICS;
