import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { largest, quotient, smallest } from './bounded.js';
import { frame, numbered } from './frame.js';
import {
  INCIDENT_LEVEL_EXPRESSION,
  INCIDENT_LEVEL_MAPPING,
  latencyQuantile,
  MODEL_STATE_CODES,
  MODEL_STATE_EXPRESSION,
  MODEL_STATE_MAPPING,
} from './models.js';
import { MODELS, PLUGIN, statPanel, stateTimelinePanel, tablePanel, timeSeriesPanel } from './panels.js';

/** All models at a glance: who fails, since when, and how sure mlfi is. */
export function fleetDashboard(): Dashboard {
  return numbered(
    frame({
      uid: 'mlfi-fleet',
      title: 'mlfi / Fleet',
      description: 'Every watched model: state, incidents, evidence, errors, latency and confidence.',
      models: 'many',
    })
      .withRow(new RowBuilder('Now'))
      .withPanel(
        statPanel({
          title: 'Models watched',
          description:
            'Models mlfi watches. 0 or no data means nothing is watched: mlfi is blind, not everything green.',
          unit: 'short',
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [{ expr: `count(count by (model_name) (mlfi_model_info{${MODELS}}))` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'With an incident',
          description: 'Models with an open incident of any level.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'orange' },
          ],
          queries: [{ expr: `count(sum by (model_name) (mlfi_incidents_open{${MODELS}}) > 0) or vector(0)` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Critical',
          description: 'Open incidents where users get no or wrong answers now.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: `sum(mlfi_incidents_open{${MODELS}, level="critical"})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Unreachable',
          description: 'Models that gave no answer in the evaluated window.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: `count(max by (model_name) (mlfi_model_up{${MODELS}}) == 0) or vector(0)` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Still learning',
          description: 'Models without an admitted baseline: drift cannot be detected for them yet.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'blue' },
          ],
          queries: [
            { expr: `count(max by (model_name) (mlfi_model_state{${MODELS}, state="learning"}) == 1) or vector(0)` },
          ],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Least budget left',
          description:
            'The smallest part of the false-alarm budget left over the chosen models. 0 is an alarm; see docs/architecture.md.',
          unit: 'percentunit',
          steps: [
            { from: null, color: 'red' },
            { from: 0.05, color: 'yellow' },
            { from: 0.5, color: 'green' },
          ],
          queries: [{ expr: `min(mlfi_false_page_budget_left_ratio{${MODELS}})` }],
        }),
      )
      .withPanel(
        tablePanel({
          title: 'Models',
          description: 'One row per model, the worst first. The name opens the model in the plugin.',
          sortBy: { title: 'Incident', descending: true },
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}` },
          columns: [
            {
              title: 'State',
              unit: 'short',
              expr: MODEL_STATE_EXPRESSION,
              mappings: [MODEL_STATE_MAPPING],
              steps: [{ from: null, color: 'text' }],
            },
            {
              title: 'Incident',
              unit: 'short',
              expr: INCIDENT_LEVEL_EXPRESSION,
              mappings: [INCIDENT_LEVEL_MAPPING],
              steps: [{ from: null, color: 'text' }],
            },
            {
              title: 'Evidence',
              unit: 'percentunit',
              expr: `max by (model_name) (mlfi_evidence_line_ratio{${MODELS}})`,
              steps: [
                { from: null, color: 'green' },
                { from: 0.7, color: 'yellow' },
                { from: 1, color: 'red' },
              ],
            },
            {
              title: 'Errors',
              unit: 'percentunit',
              expr: `max by (model_name) (mlfi_model_window_error_ratio{${MODELS}})`,
              steps: [
                { from: null, color: 'green' },
                { from: 0.05, color: 'orange' },
                { from: 0.5, color: 'red' },
              ],
            },
            {
              title: 'Confidence',
              unit: 'percentunit',
              expr: `min by (model_name) (mlfi_model_window_confidence_ratio{${MODELS}})`,
            },
            { title: 'Latency p95', unit: 's', expr: latencyQuantile(0.95) },
            {
              title: 'Per second',
              unit: 'reqps',
              expr: `sum by (model_name) (rate(mlfi_model_predictions_total{${MODELS}}[$__rate_interval]))`,
            },
            {
              title: 'Evaluated',
              unit: 's',
              expr: `time() - max by (model_name) (mlfi_evaluation_timestamp_seconds{${MODELS}})`,
            },
          ],
        }),
      )
      .withRow(new RowBuilder('Over time'))
      .withPanel(
        stateTimelinePanel({
          title: 'State',
          description: 'State of every model over time; the worst state wins where several series tell of one model.',
          unit: 'short',
          queries: [{ expr: MODEL_STATE_EXPRESSION, legend: '{{model_name}}' }],
          states: MODEL_STATE_CODES,
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Evidence, share of the alert threshold',
          description:
            'Evidence that anything changed, on a log scale from 0 to the alert threshold at 100 %; the ten models with the most.',
          unit: 'percentunit',
          min: 0,
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_evidence_line_ratio{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Failed predictions',
          description: 'Share of predictions that failed, from the totals of probes and prediction logs.',
          unit: 'percentunit',
          min: 0,
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) =>
                  quotient(
                    `sum by (model_name) (rate(mlfi_model_prediction_errors_total{${MODELS}}[$__rate_interval]${at}))`,
                    `sum by (model_name) (rate(mlfi_model_predictions_total{${MODELS}}[$__rate_interval]${at}))`,
                  ),
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Latency, 95th percentile',
          description: 'Time models took to answer, in the evaluated window.',
          unit: 's',
          min: 0,
          queries: [
            {
              expr: largest({ by: ['model_name'], expression: (at) => latencyQuantile(0.95, at) }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Mean confidence',
          description: 'Mean confidence of the answers in the evaluated window.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [
            {
              expr: smallest({
                by: ['model_name'],
                expression: (at) => `min by (model_name) (mlfi_model_window_confidence_ratio{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Predictions',
          description: 'Predictions seen per second, probed and logged.',
          unit: 'reqps',
          min: 0,
          span: 24,
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) =>
                  `sum by (model_name) (rate(mlfi_model_predictions_total{${MODELS}}[$__rate_interval]${at}))`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      ),
  );
}
