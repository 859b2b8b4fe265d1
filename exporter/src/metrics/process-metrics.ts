import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AlertReceipt, AlertSender } from '../domain/alert.js';
import { PROCESS_METRICS, type ProcessMetricName } from './catalogue.js';
import { REFUSAL_REASONS, type RefusalCounts } from '../domain/ingest.js';
import { canonicalNumber, endOf, familyHeader, labelSet, sampleValue, type ExpositionFormat } from './exposition.js';
import type { FleetRender } from './fleet-renderer.js';

/** What became of one alert of a notification. */
export type AlertOutcome = AlertReceipt | 'own' | 'unassigned';

export interface KafkaProgress {
  readonly topic: string;
  readonly partition: number;
  readonly position: number | null;
  readonly lag: number;
}

/** Metrics of this process. Others say what happened; this counts it. */
export interface ProcessMetrics {
  render(format: ExpositionFormat): Promise<string>;
  request(route: string, method: string, status: number, seconds: number): void;
  /** A request was refused for who asked. */
  refusedCredential(reason: string): void;
  /** What became of the rows of one batch. */
  ingested(model: string, accepted: number, rejectedByReason: RefusalCounts): void;
  /** A model is gone, and its rows with it. */
  forget(model: string): void;
  /** Events of logged calls, by what became of them. */
  loggedCalls(outcome: string, events: number): void;
  /** A look at a model's folders of log files: what is not taken yet, null when that is not known, and whether it failed anywhere. */
  logFiles(model: string, waitingBytes: number | null, hasFailed: boolean): void;
  /** When an import under way of a model was last heard of; null when it is over. */
  importHeard(model: string, atMs: number | null): void;
  /** Whether a Kafka source has a broker to read from. */
  kafkaUp(source: string, isUp: boolean): void;
  /** Records of a Kafka source, by what became of them. */
  kafkaRecords(source: string, outcome: string, records: number): void;
  /** How far the partitions are read that a source has now. */
  kafkaProgress(source: string, partitions: readonly KafkaProgress[]): void;
  /** What waits for its other half now, by who holds it. */
  waitingCalls(holder: string, bytes: number): void;
  storeUp(up: boolean): void;
  /** How many parts of what decisions rest on are damaged. */
  storeDamage(parts: number): void;
  /** How many stored rows were met that cannot be read. */
  rowsSetAside(rows: number): void;
  ready(ready: boolean): void;
  /** How many models could not be restored. */
  unrestored(models: number): void;
  reloaded(successful: boolean): void;
  rendered(render: FleetRender, seconds: number): void;
  notified(sender: AlertSender, outcomes: readonly AlertOutcome[]): void;
  discovered(source: string, models: number | null, atMs: number): void;
}

/** Gauges of prom-client that are called like counters; the same is in nodejs_active_resources and its siblings. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const definition = (name: ProcessMetricName): { name: string; help: string; labelNames: string[] } => ({
  name,
  help: PROCESS_METRICS[name].help,
  labelNames: PROCESS_METRICS[name].labels.filter((label) => label !== 'le'),
});

/** Metrics of this process in a registry of its own. */
export function createProcessMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const gauge = (name: ProcessMetricName): Gauge => new Gauge({ ...definition(name), registers });
  const counter = (name: ProcessMetricName): Counter => new Counter({ ...definition(name), registers });

  gauge('mlfi_build_info').set({ version, nodeversion: process.version }, 1);
  const reload = gauge('mlfi_config_last_reload_successful');
  reload.set(1);
  const requests = new Histogram({
    ...definition('mlfi_http_request_duration_seconds'),
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const credentials = counter('mlfi_refused_credentials_total');
  // The first refusal must be an increase, or the rule would not see it.
  for (const reason of ['unknown-key-or-secret', 'too-many-attempts']) credentials.inc({ reason }, 0);
  const events = counter('mlfi_ingest_events_total');
  const rejected = counter('mlfi_ingest_rejected_total');
  const calls = counter('mlfi_logged_calls_total');
  for (const outcome of ['late', 'refused', 'unanswered']) calls.inc({ outcome }, 0);
  const unread = gauge('mlfi_log_files_waiting_bytes');
  const unreadable = counter('mlfi_log_files_failures_total');
  const importHeard = gauge('mlfi_import_heard_timestamp_seconds');
  const kafkaUp = gauge('mlfi_kafka_up');
  const kafkaRecords = counter('mlfi_kafka_records_total');
  const kafkaPosition = gauge('mlfi_kafka_position_offset');
  const kafkaLag = gauge('mlfi_kafka_lag_records');
  const kafkaPartitions = new Map<string, readonly KafkaProgress[]>();
  const waiting = gauge('mlfi_logged_calls_waiting_bytes');
  const waitingOf = new Map<string, number>();
  const store = gauge('mlfi_store_up');
  store.set(1);
  const damage = gauge('mlfi_store_damaged_parts');
  damage.set(0);
  const aside = gauge('mlfi_store_rows_set_aside');
  aside.set(0);
  const ready = gauge('mlfi_ready');
  ready.set(0);
  const unrestored = gauge('mlfi_models_unrestored');
  unrestored.set(0);
  const dropped = counter('mlfi_series_dropped_total');
  for (const reason of ['models', 'series']) dropped.inc({ reason }, 0);
  const rendering = gauge('mlfi_render_duration_seconds');
  const notifications = counter('mlfi_webhooks_received_total');
  const alerts = counter('mlfi_webhook_alerts_total');
  const found = gauge('mlfi_discovery_models');
  const failures = counter('mlfi_discovery_failures_total');
  const lastSuccess = gauge('mlfi_discovery_last_success_timestamp_seconds');
  return {
    render: (format) => encode(registry, format),
    request: (route, method, status, seconds) => requests.observe({ route, method, code: String(status) }, seconds),
    refusedCredential: (reason) => credentials.inc({ reason }),
    ingested(model, accepted, rejectedByReason) {
      events.inc({ model_name: model }, accepted);
      for (const [reason, rows] of Object.entries(rejectedByReason)) rejected.inc({ model_name: model, reason }, rows);
    },
    forget(model) {
      events.remove({ model_name: model });
      for (const reason of REFUSAL_REASONS) rejected.remove({ model_name: model, reason });
    },
    loggedCalls: (outcome, count) => calls.inc({ outcome }, count),
    logFiles(model, bytes, hasFailed) {
      unreadable.inc({ model_name: model }, hasFailed ? 1 : 0);
      if (bytes === null) unread.remove({ model_name: model });
      else unread.set({ model_name: model }, bytes);
    },
    importHeard(model, atMs) {
      if (atMs === null) importHeard.remove({ model_name: model });
      else importHeard.set({ model_name: model }, atMs / 1_000);
    },
    kafkaUp: (source, isUp) => kafkaUp.set({ source }, isUp ? 1 : 0),
    kafkaRecords: (source, outcome, records) => kafkaRecords.inc({ source, outcome }, records),
    kafkaProgress(source, partitions) {
      // As a text: numbers are written as bounds of histograms are, 0.0.
      const labelsOf = ({ topic, partition }: KafkaProgress) => ({ source, topic, partition: String(partition) });
      for (const before of kafkaPartitions.get(source) ?? [])
        for (const gauge of [kafkaPosition, kafkaLag]) gauge.remove(labelsOf(before));
      kafkaPartitions.set(source, partitions);
      for (const each of partitions) {
        kafkaLag.set(labelsOf(each), each.lag);
        if (each.position !== null) kafkaPosition.set(labelsOf(each), each.position);
      }
    },
    waitingCalls(holder, bytes) {
      waitingOf.set(holder, bytes);
      waiting.set([...waitingOf.values()].reduce((sum, one) => sum + one, 0));
    },
    storeUp: (up) => store.set(up ? 1 : 0),
    storeDamage: (parts) => damage.set(parts),
    rowsSetAside: (rows) => aside.set(rows),
    unrestored: (models) => unrestored.set(models),
    ready: (isReady) => ready.set(isReady ? 1 : 0),
    reloaded: (successful) => reload.set(successful ? 1 : 0),
    rendered(render, seconds) {
      for (const [reason, count] of Object.entries(render.dropped)) dropped.inc({ reason }, count);
      rendering.set(seconds);
    },
    notified(sender, outcomes) {
      notifications.inc({ sender });
      for (const outcome of outcomes) alerts.inc({ sender, outcome });
    },
    discovered(source, models, atMs) {
      failures.inc({ source }, models === null ? 1 : 0);
      if (models === null) return;
      found.set({ source }, models);
      lastSuccess.set({ source }, atMs / 1_000);
    },
  };
}

/** prom-client renames its counters for good when it writes OpenMetrics, so both formats are written here from its values. */
async function encode(registry: Registry, format: ExpositionFormat): Promise<string> {
  const families = await registry.getMetricsAsJSON();
  return (
    families
      .map(({ name, help, type, values }) => {
        const kind = String(type) === 'untyped' ? 'untyped' : (String(type) as 'gauge');
        const lines = (values as readonly { metricName?: string; labels: object; value: number }[]).map(
          ({ metricName, labels, value }) =>
            `${metricName ?? name}${labelSet(Object.keys(labels), Object.values(labels).map(labelValue))} ${sampleValue(value)}\n`,
        );
        return lines.length === 0 ? '' : familyHeader(name, kind, help, format) + lines.join('');
      })
      .join('') + endOf(format)
  );
}

const labelValue = (value: unknown): string => (typeof value === 'number' ? canonicalNumber(value) : String(value));
