import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { MappingType, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { largest, quantileOf } from './bounded.js';
import { frame, numbered } from './frame.js';
import { statPanel, timeSeriesPanel } from './panels.js';

/** What a 0 and a 1 mean. */
const words = (no: string, yes: string): dashboard.ValueMapping => ({
  type: MappingType.ValueToText,
  options: { '0': { text: no, color: 'red', index: 0 }, '1': { text: yes, color: 'green', index: 1 } },
});

/** Who watches the watchman: whether mlfi itself is up, looks in time, answers and has room. */
export function selfDashboard(): Dashboard {
  return numbered(
    frame({
      uid: 'mlfi-self',
      title: 'mlfi / Own health',
      description: 'mlfi itself: scrapes, evaluations of models, requests, memory, event loop.',
      models: 'none',
    })
      .withRow(new RowBuilder('Is it watching?'))
      .withPanel(
        statPanel({
          title: 'Instances',
          description: 'Running mlfi processes by version.',
          unit: 'short',
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: 'count by (version) (mlfi_build_info)', legend: '{{version}}' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Models watched',
          description: '0 or no data: mlfi watches nothing.',
          unit: 'short',
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: 'count(count by (model_name) (mlfi_model_info))' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Oldest evaluation',
          description: 'Age of the oldest last evaluation among models that are not paused.',
          unit: 's',
          steps: [
            { from: null, color: 'green' },
            { from: 120, color: 'yellow' },
            { from: 600, color: 'red' },
          ],
          queries: [
            {
              expr: 'time() - min(max by (model_name) (mlfi_evaluation_timestamp_seconds) unless on (model_name) (mlfi_model_state{state="paused"} == 1))',
            },
          ],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Evaluation time',
          description: 'Longest time the last evaluation of a model took.',
          unit: 's',
          steps: [
            { from: null, color: 'green' },
            { from: 0.5, color: 'yellow' },
            { from: 2, color: 'red' },
          ],
          queries: [{ expr: 'max(mlfi_evaluation_duration_seconds)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Series dropped',
          description: 'Samples left out of the last scrape of /metrics/models for want of room.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: 'sum(mlfi_model_series_dropped)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Failed requests',
          description: 'Share of HTTP requests answered with 5xx.',
          unit: 'percentunit',
          steps: [
            { from: null, color: 'green' },
            { from: 0.01, color: 'red' },
          ],
          queries: [
            {
              expr: '(sum(rate(mlfi_http_request_duration_seconds_count{code=~"5.."}[$__rate_interval])) or vector(0)) / (sum(rate(mlfi_http_request_duration_seconds_count[$__rate_interval])) > 0)',
            },
          ],
        }),
      )
      .withRow(new RowBuilder('Requests'))
      .withPanel(
        timeSeriesPanel({
          title: 'Requests by route',
          description: 'HTTP requests per second by route template.',
          unit: 'reqps',
          min: 0,
          perModel: false,
          queries: [
            {
              expr: largest({
                by: ['route'],
                expression: (at) =>
                  `sum by (route) (rate(mlfi_http_request_duration_seconds_count[$__rate_interval]${at}))`,
              }),
              legend: '{{route}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Duration, 95th percentile by route',
          description: 'How long requests took, by route template.',
          unit: 's',
          min: 0,
          perModel: false,
          queries: [
            {
              expr: largest({
                by: ['route'],
                expression: (at) =>
                  quantileOf(
                    0.95,
                    `sum by (route, le) (rate(mlfi_http_request_duration_seconds_bucket[$__rate_interval]${at}))`,
                  ),
              }),
              legend: '{{route}}',
            },
          ],
        }),
      )
      .withRow(new RowBuilder('Store, audit, configuration'))
      .withPanel(
        statPanel({
          title: 'Store',
          description: 'Whether the store could be written at the last check, worst of all instances.',
          unit: 'short',
          mappings: [words('read-only', 'writable')],
          span: 6,
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: 'min(mlfi_store_up)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Audit chain',
          description: 'Whether the last verification of the audit log found it intact.',
          unit: 'short',
          span: 6,
          mappings: [words('broken', 'intact')],
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: 'min(mlfi_audit_chain_valid)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Taken alone, not reviewed',
          description: 'Break-glass decisions that another approver has to look at.',
          unit: 'short',
          span: 6,
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: 'max(mlfi_break_glass_unreviewed)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Audit last verified',
          description: 'How long ago the audit log was last verified.',
          unit: 's',
          span: 6,
          steps: [
            { from: null, color: 'green' },
            { from: 172_800, color: 'red' },
          ],
          queries: [{ expr: 'time() - max(mlfi_audit_last_verified_timestamp_seconds)' }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Configuration reload',
          description: 'Whether the last reload of the configuration was taken, worst of all instances.',
          unit: 'short',
          span: 6,
          mappings: [words('refused', 'taken')],
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: 'min(mlfi_config_last_reload_successful)' }],
        }),
      )
      .withRow(new RowBuilder('What comes in'))
      .withPanel(
        timeSeriesPanel({
          title: 'Logged predictions and labels',
          description: 'Lines taken and refused per second.',
          unit: 'reqps',
          min: 0,
          perModel: false,
          queries: [
            { expr: 'sum(rate(mlfi_ingest_events_total[$__rate_interval]))', legend: 'taken' },
            {
              expr: 'sum by (reason) (rate(mlfi_ingest_rejected_total[$__rate_interval])) > 0',
              legend: 'refused: {{reason}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Alerts of others received',
          description: 'Alerts in received notifications by sender and by what was done with them.',
          unit: 'short',
          min: 0,
          perModel: false,
          queries: [
            {
              expr: 'sum by (sender, outcome) (increase(mlfi_webhook_alerts_total[$__rate_interval]))',
              legend: '{{sender}}: {{outcome}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Series of models',
          description: 'Series of models in a scrape of /metrics/models.',
          unit: 'short',
          min: 0,
          perModel: false,
          queries: [{ expr: 'max(mlfi_model_series)', legend: 'series' }],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Time to write them',
          description: 'How long the last rendering of /metrics/models took, pauses included.',
          unit: 's',
          min: 0,
          perModel: false,
          queries: [{ expr: 'max(mlfi_render_duration_seconds)', legend: 'rendering' }],
        }),
      )
      .withRow(new RowBuilder('Evaluations'))
      .withPanel(
        timeSeriesPanel({
          title: 'Time of an evaluation',
          description: 'How long the last evaluation took, by model; the ten slowest.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_evaluation_duration_seconds${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Age of the last evaluation',
          description: 'Seconds since each model was last evaluated; grows when evaluations stop. The ten oldest.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) => `time() - max by (model_name) (mlfi_evaluation_timestamp_seconds${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withRow(new RowBuilder('Process'))
      .withPanel(
        timeSeriesPanel({
          title: 'CPU',
          description: 'CPU seconds used per second.',
          unit: 'short',
          min: 0,
          span: 8,
          perModel: false,
          queries: [
            { expr: 'rate(process_cpu_seconds_total{job=~"mlfi.*"}[$__rate_interval])', legend: '{{instance}}' },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Memory',
          description: 'Resident memory and used JavaScript heap.',
          unit: 'bytes',
          min: 0,
          span: 8,
          perModel: false,
          queries: [
            { expr: 'process_resident_memory_bytes{job=~"mlfi.*"}', legend: '{{instance}} resident' },
            { expr: 'nodejs_heap_size_used_bytes{job=~"mlfi.*"}', legend: '{{instance}} heap' },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Event-loop lag',
          description: '99th percentile of the delay of the event loop; mlfi aims at less than 20 ms.',
          unit: 's',
          min: 0,
          span: 8,
          perModel: false,
          steps: [
            { from: null, color: 'green' },
            { from: 0.1, color: 'red' },
          ],
          queries: [{ expr: 'nodejs_eventloop_lag_p99_seconds{job=~"mlfi.*"}', legend: '{{instance}}' }],
        }),
      ),
  );
}
