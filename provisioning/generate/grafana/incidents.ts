import * as annotationsList from '@grafana/grafana-foundation-sdk/annotationslist';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
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
      .withPanel(
        tablePanel({
          title: 'Open incidents by model',
          description: 'Level and age of the open incident of each model. The name opens the model in the plugin.',
          span: 12,
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}` },
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
          row: { label: 'model_name', title: 'Model', link: `${PLUGIN}/models/\${__value.raw}` },
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
          span: 24,
          stacked: true,
          perModel: false,
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
