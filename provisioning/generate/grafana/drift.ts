import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { largest, smallest } from './bounded.js';
import { frame, numbered } from './frame.js';
import { MODELS, PLUGIN, statPanel, tablePanel, timeSeriesPanel } from './panels.js';

/** What drifted, since when, and whether it costs anything. */
export function driftDashboard(): Dashboard {
  return numbered(
    frame({
      uid: 'mlfi-drift',
      title: 'mlfi / Drift',
      description:
        'Drift of inputs, answers and confidence against the baseline, and its estimated effect on accuracy.',
      models: 'many',
    })
      .withRow(new RowBuilder('Evidence'))
      .withPanel(
        statPanel({
          title: 'Alarms',
          description: 'Models whose evidence of a change crossed the alert threshold.',
          unit: 'short',
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: `count(max by (model_name) (mlfi_evidence_line_ratio{${MODELS}}) >= 1) or vector(0)` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Baselines ready',
          description: 'Models with an admitted baseline to compare with.',
          unit: 'short',
          steps: [
            { from: null, color: 'red' },
            { from: 1, color: 'green' },
          ],
          queries: [
            { expr: `sum(max by (model_name, state) (mlfi_baseline_state{${MODELS}, state=~"ready|frozen"}))` },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Evidence, share of the alert threshold',
          description:
            'Evidence that anything changed; 100 % is the alert threshold, 70 % a warning. The ten models with the most.',
          unit: 'percentunit',
          span: 16,
          height: 8,
          min: 0,
          steps: [
            { from: null, color: 'green' },
            { from: 0.7, color: 'yellow' },
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
        tablePanel({
          title: 'Estimated start of the change',
          description: 'When the change behind an alarm is estimated to have begun. Empty while there is no alarm.',
          span: 12,
          sortBy: { title: 'Began', descending: true },
          height: 8,
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}` },
          columns: [
            {
              title: 'Began',
              unit: 'dateTimeFromNow',
              expr: `1000 * max by (model_name) (mlfi_change_timestamp_seconds{${MODELS}})`,
            },
          ],
        }),
      )
      .withRow(new RowBuilder('Where'))
      .withPanel(
        timeSeriesPanel({
          title: 'Signals shown to have changed',
          description: 'Number of signals shown to have changed, with false discoveries controlled.',
          unit: 'short',
          min: 0,
          bars: true,
          stacked: true,
          queries: [
            {
              expr: largest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_signals_changed{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Distance from the baseline',
          description:
            'Kolmogorov–Smirnov distance (numbers) or total variation (categories) of the evaluated window from the baseline; the farthest signals.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [
            {
              expr: largest({
                by: ['model_name', 'signal'],
                expression: (at) => `max by (model_name, signal) (mlfi_signal_distance_ratio{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}: {{signal}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Population stability index',
          description:
            'PSI of the evaluated window against the baseline over the exported bins; 0.2 is the usual line.',
          unit: 'short',
          min: 0,
          steps: [
            { from: null, color: 'green' },
            { from: 0.2, color: 'red' },
          ],
          queries: [
            {
              expr: largest({
                by: ['model_name', 'signal'],
                expression: (at) => `max by (model_name, signal) (mlfi_signal_population_stability{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}: {{signal}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Share of the change by feature',
          description: 'Share of the change of the open incident carried by each feature. No data without an incident.',
          unit: 'percentunit',
          queries: [
            {
              expr: largest({
                by: ['model_name', 'signal'],
                expression: (at) => `max by (model_name, signal) (mlfi_rca_attribution_ratio{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}: {{signal}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Signals with the strongest evidence',
          description:
            'Natural logarithm of the evidence that a signal changed, in ticks: inputs, answers, confidence, errors, latency.',
          unit: 'short',
          span: 24,
          height: 10,
          queries: [
            {
              expr: largest({
                by: ['model_name', 'signal', 'watch'],
                expression: (at) => `max by (model_name, signal, watch) (mlfi_signal_evidence_log{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}: {{signal}} ({{watch}})',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Findings against their thresholds',
          description:
            'Statistic of each finding divided by its threshold: 1 is the threshold, 2 is twice as far; the farthest.',
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
              legend: '{{model_name}}: {{detector}} {{signal}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Findings by detector',
          description: 'Number of findings of the last evaluation, by detector; the most.',
          unit: 'short',
          min: 0,
          stacked: true,
          queries: [
            {
              expr: largest({
                by: ['model_name', 'detector'],
                expression: (at) => `sum by (model_name, detector) (mlfi_findings{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}: {{detector}}',
            },
          ],
        }),
      )
      .withRow(new RowBuilder('What it costs'))
      .withPanel(
        timeSeriesPanel({
          title: 'Estimated accuracy',
          description: 'Accuracy estimated without labels, with the lower end of its 95 % band.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: smallest({
                by: ['model_name'],
                expression: (at) =>
                  `max by (model_name) (mlfi_estimated_accuracy_ratio{${MODELS}, bound="estimate"}${at})`,
              }),
              legend: '{{model_name}}',
            },
            {
              expr: smallest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_estimated_accuracy_ratio{${MODELS}, bound="low"}${at})`,
              }),
              legend: '{{model_name}} (low)',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Mean confidence',
          description: 'Mean confidence of the evaluated window.',
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
      .withRow(new RowBuilder('Baselines'))
      .withPanel(
        timeSeriesPanel({
          title: 'Samples in the baseline',
          description: 'Samples in the admitted baseline, or learnt so far.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: smallest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_baseline_samples{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Samples in the evaluated window',
          description: 'Calls in the evaluated window; a window below the configured minimum is not compared.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: smallest({
                by: ['model_name'],
                expression: (at) => `max by (model_name) (mlfi_model_window_samples{${MODELS}}${at})`,
              }),
              legend: '{{model_name}}',
            },
          ],
        }),
      ),
  );
}
