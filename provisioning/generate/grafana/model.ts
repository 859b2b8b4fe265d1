import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { largest, quantileOf } from './bounded.js';
import { frame, numbered } from './frame.js';
import { latencyQuantile, MODEL_STATE_EXPRESSION, MODEL_STATE_MAPPING } from './models.js';
import { MODELS, pluginPanel, statPanel, timeSeriesPanel } from './panels.js';

/** One model: is it well, why not, what to do about it. */
export function modelDashboard(): Dashboard {
  return numbered(
    frame({
      uid: 'mlfi-model',
      title: 'mlfi / Model',
      description:
        'One model: state, cause, pending decisions, service levels, confidence, accuracy and evidence by signal.',
      models: 'one',
    })
      .withRow(new RowBuilder('Now'))
      .withPanel(
        statPanel({
          title: 'State',
          description: 'learning, healthy, degraded, failing, unreachable or paused.',
          unit: 'short',
          mappings: [MODEL_STATE_MAPPING],
          steps: [{ from: null, color: 'text' }],
          queries: [{ expr: MODEL_STATE_EXPRESSION }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Evidence',
          description: 'Evidence that anything changed; 100 % is the alert threshold.',
          unit: 'percentunit',
          steps: [
            { from: null, color: 'green' },
            { from: 0.7, color: 'yellow' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: `max(mlfi_evidence_line_ratio{${MODELS}})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Budget left',
          description: 'Part of the false-alarm budget the evidence has not used up; 0 at an alarm.',
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
        statPanel({
          title: 'Failed calls',
          description: 'Share of failed calls in the evaluated window.',
          unit: 'percentunit',
          steps: [
            { from: null, color: 'green' },
            { from: 0.05, color: 'orange' },
            { from: 0.5, color: 'red' },
          ],
          queries: [{ expr: `max(mlfi_model_window_error_ratio{${MODELS}})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Accuracy (est.)',
          description:
            'Accuracy of the evaluated window estimated without its labels (confidence-based performance estimation). No data until the baseline holds labels.',
          unit: 'percentunit',
          steps: [{ from: null, color: 'text' }],
          queries: [{ expr: `max(mlfi_estimated_accuracy_ratio{${MODELS}, bound="estimate"})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Samples',
          description: 'Calls in the evaluated window: below the configured minimum nothing is compared.',
          unit: 'short',
          steps: [
            { from: null, color: 'yellow' },
            { from: 30, color: 'green' },
          ],
          queries: [{ expr: `min(mlfi_model_window_samples{${MODELS}})` }],
        }),
      )
      .withPanel(
        pluginPanel('mlfi-root-cause-panel', {
          title: 'Root cause',
          description:
            'What mlfi holds to be the cause of the open incident, with the evidence for and against it. Panel of the mlfi plugin.',
        }),
      )
      .withPanel(
        pluginPanel('mlfi-approval-panel', {
          title: 'Decisions waiting',
          description:
            'Recommended actions that wait for a person; approve or reject in place. Panel of the mlfi plugin.',
        }),
      )
      .withRow(new RowBuilder('Service: rate, errors, duration'))
      .withPanel(
        timeSeriesPanel({
          title: 'Predictions',
          description: 'Predictions per second, probed and logged.',
          unit: 'reqps',
          min: 0,
          span: 8,
          queries: [
            {
              expr: `sum by (model_name) (rate(mlfi_model_predictions_total{${MODELS}}[$__rate_interval]))`,
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Failures by reason',
          description: 'Failed predictions per second by reason. No data while nothing has ever failed.',
          unit: 'reqps',
          min: 0,
          span: 8,
          stacked: true,
          queries: [
            {
              expr: `sum by (model_name, reason) (rate(mlfi_model_prediction_errors_total{${MODELS}}[$__rate_interval]))`,
              legend: '{{reason}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Latency',
          description: 'Median, 95th and 99th percentile of the evaluated window.',
          unit: 's',
          min: 0,
          span: 8,
          queries: [0.5, 0.95, 0.99].map((quantile) => ({
            expr: latencyQuantile(quantile),
            legend: `p${100 * quantile}`,
          })),
        }),
      )
      .withRow(new RowBuilder('Answers'))
      .withPanel(
        timeSeriesPanel({
          title: 'Confidence',
          description:
            'Mean of the evaluated window, with its 10th percentile and median read off the exported buckets.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [
            { expr: `min by (model_name) (mlfi_model_window_confidence_ratio{${MODELS}})`, legend: 'mean' },
            ...[0.1, 0.5].map((quantile) => ({
              expr: quantileOf(
                quantile,
                `sum by (model_name, le) (mlfi_model_window_confidence_distribution_bucket{${MODELS}})`,
              ),
              legend: `p${100 * quantile}`,
            })),
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Accuracy, estimated and realised',
          description: 'Estimated without labels with its 95 % band, and realised from the labels that have arrived.',
          unit: 'percentunit',
          max: 1,
          queries: [
            { expr: `max by (model_name, bound) (mlfi_estimated_accuracy_ratio{${MODELS}})`, legend: '{{bound}}' },
            { expr: `max by (model_name) (mlfi_realised_accuracy_ratio{${MODELS}})`, legend: 'realised' },
            { expr: `max by (model_name) (mlfi_baseline_accuracy_ratio{${MODELS}})`, legend: 'baseline' },
          ],
        }),
      )
      .withRow(new RowBuilder('Why'))
      .withPanel(
        timeSeriesPanel({
          title: 'Evidence by signal',
          description: 'Natural logarithm of the evidence, in ticks, that a signal changed; the strongest signals.',
          unit: 'short',
          queries: [
            {
              expr: largest({
                by: ['model_name', 'signal', 'watch'],
                expression: (at) => `max by (model_name, signal, watch) (mlfi_signal_evidence_log{${MODELS}}${at})`,
              }),
              legend: '{{signal}} ({{watch}})',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Findings',
          description:
            'Statistic of each finding divided by its threshold: 1 is the threshold. No data while nothing is found.',
          unit: 'short',
          min: 0,
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [
            {
              expr: largest({
                by: ['model_name', 'detector', 'signal'],
                expression: (at) => `max by (model_name, detector, signal) (mlfi_finding_ratio{${MODELS}}${at})`,
              }),
              legend: '{{detector}}: {{signal}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Probability of each cause',
          description:
            'How probable each cause of the open incident is, given the same evidence. No data without an incident.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          span: 24,
          stacked: true,
          queries: [
            {
              expr: largest({
                by: ['model_name', 'cause'],
                most: 5,
                expression: (at) => `max by (model_name, cause) (mlfi_rca_cause_probability_ratio{${MODELS}}${at})`,
              }),
              legend: '{{cause}}',
            },
          ],
        }),
      ),
  );
}
