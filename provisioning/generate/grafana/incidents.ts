import * as annotationsList from '@grafana/grafana-foundation-sdk/annotationslist';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { largest } from './bounded.js';
import { frame, numbered } from './frame.js';
import { INCIDENT_LEVEL_EXPRESSION, INCIDENT_LEVEL_MAPPING } from './models.js';
import { MODELS, PLUGIN, statPanel, tablePanel, timeSeriesPanel } from './panels.js';

const LEVELS = [
  { level: 'critical', color: 'red' },
  { level: 'high', color: 'orange' },
  { level: 'medium', color: 'yellow' },
  { level: 'low', color: 'blue' },
] as const;

/** What is open, what was decided, what came of it. */
export function incidentsDashboard(): Dashboard {
  const builder = frame({
    uid: 'mlfi-incidents',
    title: 'mlfi / Incidents and decisions',
    description: 'Open incidents and their causes, the story of incidents, decisions, executions and recoveries.',
    models: 'many',
  }).withRow(new RowBuilder('Open incidents'));
  for (const { level, color } of LEVELS) {
    builder.withPanel(
      statPanel({
        title: `Open, ${level}`,
        description: `Open incidents of the level ${level}.`,
        unit: 'short',
        span: 6,
        steps: [
          { from: null, color: 'green' },
          { from: 1, color },
        ],
        queries: [{ expr: `sum(mlfi_incidents_open{${MODELS}, level="${level}"})` }],
      }),
    );
  }
  return numbered(
    builder
      .withRow(new RowBuilder('Decisions'))
      .withPanel(
        statPanel({
          title: 'Decisions waiting',
          description: 'Recommendations that wait for a person. Decide in the plugin.',
          unit: 'short',
          span: 6,
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'orange' },
          ],
          queries: [{ expr: `sum(mlfi_recommendations{${MODELS}, state="pending"})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Longest wait',
          description: 'How long the oldest recommendation has waited for a decision. No data while none waits.',
          unit: 's',
          span: 6,
          steps: [
            { from: null, color: 'green' },
            { from: 3_600, color: 'orange' },
            { from: 43_200, color: 'red' },
          ],
          queries: [
            {
              expr: `time() - min(mlfi_recommendation_oldest_pending_timestamp_seconds{${MODELS}} > 0)`,
            },
          ],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Outcome unknown',
          description: 'Actions that were sent and not answered: a person has to find out what became of them.',
          unit: 'short',
          span: 6,
          steps: [
            { from: null, color: 'green' },
            { from: 1, color: 'red' },
          ],
          queries: [{ expr: `sum(mlfi_executions_unknown{${MODELS}})` }],
        }),
      )
      .withPanel(
        statPanel({
          title: 'Actions that helped',
          description: 'Share of verified actions after which the model recovered. No data before one was verified.',
          unit: 'percentunit',
          span: 6,
          steps: [{ from: null, color: 'text' }],
          queries: [
            {
              expr: `(sum(mlfi_verifications_total{${MODELS}, outcome="recovered"}) or vector(0)) / (sum(mlfi_verifications_total{${MODELS}}) > 0)`,
            },
          ],
        }),
      )
      .withPanel(
        tablePanel({
          title: 'What to do first, by model',
          description: 'What mlfi would do first about each open incident, and whether it was decided.',
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}/incident` },
          labels: { action: 'Action', cause: 'Cause', priority: 'Priority', state: 'State' },
          hidesValues: true,
          sortBy: { title: 'Priority' },
          columns: [
            {
              title: 'There is one',
              unit: 'short',
              expr: `max by (model_name, action, cause, priority, state) (mlfi_recommendation_info{${MODELS}})`,
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Recommendations by state',
          description: 'Recommendations by state: pending ones wait for a person.',
          unit: 'short',
          min: 0,
          stacked: true,
          perModel: false,
          queries: [{ expr: `sum by (state) (mlfi_recommendations{${MODELS}}) > 0`, legend: '{{state}}' }],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Incidents opened and actions carried out',
          description: 'Incidents opened and actions dispatched, within the resolution of the graph.',
          unit: 'short',
          min: 0,
          perModel: false,
          queries: [
            { expr: `sum(increase(mlfi_incidents_total{${MODELS}}[$__rate_interval]))`, legend: 'incidents' },
            { expr: `sum(increase(mlfi_executions_total{${MODELS}}[$__rate_interval]))`, legend: 'actions' },
            {
              expr: `sum(increase(mlfi_execution_failures_total{${MODELS}}[$__rate_interval]))`,
              legend: 'failed actions',
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Alerts of others about the models',
          description: 'Alerts that others raised about a model and that still fire, as received by mlfi.',
          unit: 'short',
          min: 0,
          queries: [
            {
              expr: largest({
                by: ['model_name', 'sender'],
                expression: (at) => `sum by (model_name, sender) (mlfi_alerts_firing{${MODELS}}${at})`,
              }),
              legend: '{{model_name}} ({{sender}})',
            },
          ],
        }),
      )
      .withPanel(
        tablePanel({
          title: 'Open incidents by model',
          description: 'Level and age of the open incident of each model. The name opens the incident in the plugin.',
          span: 12,
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}/incident` },
          sortBy: { title: 'Level', descending: true },
          columns: [
            {
              title: 'Level',
              unit: 'short',
              expr: `${INCIDENT_LEVEL_EXPRESSION} > 0`,
              mappings: [INCIDENT_LEVEL_MAPPING],
              steps: [{ from: null, color: 'text' }],
            },
            {
              title: 'Open for',
              unit: 's',
              expr: `time() - max by (model_name) (mlfi_incident_opened_timestamp_seconds{${MODELS}})`,
            },
          ],
        }),
      )
      .withPanel(
        tablePanel({
          title: 'Most probable causes',
          description: 'Causes that hold at least a tenth of the probability in an open incident.',
          span: 12,
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}/incident` },
          labels: { cause: 'Cause' },
          sortBy: { title: 'Probability', descending: true },
          columns: [
            {
              title: 'Probability',
              unit: 'percentunit',
              expr: `max by (model_name, cause) (mlfi_rca_cause_probability_ratio{${MODELS}}) >= 0.1`,
            },
          ],
        }),
      )
      .withPanel(
        timeSeriesPanel({
          title: 'Open incidents over time',
          description: 'Open incidents by level.',
          unit: 'short',
          min: 0,
          stacked: true,
          perModel: false,
          colors: Object.fromEntries(LEVELS.map(({ level, color }) => [level, color])),
          queries: [{ expr: `sum by (level) (mlfi_incidents_open{${MODELS}})`, legend: '{{level}}' }],
        }),
      )
      .withRow(new RowBuilder('The story, from annotations the exporter posts'))
      .withPanel(
        annotations(
          'Incidents',
          'Incidents opened and closed; the text links to the incident in the plugin.',
          ['mlfi', 'incident'],
          24,
        ),
      )
      .withPanel(
        annotations('Decisions', 'Approvals and rejections, with the person who decided.', ['mlfi', 'decision'], 12),
      )
      .withPanel(
        annotations(
          'Executions and recoveries',
          'Actions carried out and whether they helped.',
          ['mlfi', 'action'],
          12,
        ),
      ),
  );
}

const annotations = (title: string, description: string, tags: string[], span: number): annotationsList.PanelBuilder =>
  new annotationsList.PanelBuilder()
    .title(title)
    .description(description)
    .unit('short')
    .datasource({ type: 'grafana', uid: '-- Grafana --' })
    .span(span)
    .height(10)
    .onlyFromThisDashboard(false)
    .onlyInTimeRange(true)
    .tags(tags)
    .limit(100)
    .showUser(false)
    .showTime(true)
    .showTags(true);
