/** What every mlfi dashboard has: variables, links between dashboards and into the plugin, annotations, panel numbers. */
import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { PLUGIN, PROMETHEUS } from './panels.js';

/** Tags of the annotations the exporter posts (exporter/src/integrations/grafana/annotation.ts); `mlfi` marks them as ours. */
const ANNOTATIONS = [
  { name: 'Incidents', tags: ['mlfi', 'incident'], color: 'red' },
  { name: 'Decisions', tags: ['mlfi', 'decision'], color: 'blue' },
  { name: 'Executions and recoveries', tags: ['mlfi', 'action'], color: 'purple' },
  { name: 'Deployments', tags: ['deployment'], color: 'orange' },
] as const;

export interface Frame {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** `many`: several or all models · `one`: a single model · `none`: no choice of models. */
  readonly models: 'many' | 'one' | 'none';
}

/** The dashboard without its panels. */
export function frame({ uid, title, description, models }: Frame): dashboard.DashboardBuilder {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['mlfi'])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder('mlfi dashboards')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['mlfi'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .link(
      new dashboard.DashboardLinkBuilder(models === 'one' ? 'Investigate $model_name' : 'Investigator')
        .type(dashboard.DashboardLinkType.Link)
        .icon('external link')
        .tooltip('Cause, evidence, recommendations and approval')
        .url(models === 'one' ? `${PLUGIN}/models/\${model_name}` : `${PLUGIN}/fleet`)
        .keepTime(true),
    )
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource')
        .label('Data source')
        .description('The Prometheus that scrapes mlfi')
        .type('prometheus'),
    );
  if (models !== 'none') builder.withVariable(modelVariable(models));
  const scoped = models === 'one' ? ['model_name:$model_name'] : [];
  for (const { name, tags, color } of ANNOTATIONS) builder.annotation(fromGrafana(name, [...tags, ...scoped], color));
  if (models !== 'none') builder.annotation(newVersions());
  return builder;
}

function modelVariable(models: 'many' | 'one'): dashboard.QueryVariableBuilder {
  const variable = new dashboard.QueryVariableBuilder('model_name')
    .label('Model')
    .description('Models watched by mlfi')
    .datasource(PROMETHEUS)
    .query({ query: 'label_values(mlfi_model_info, model_name)', refId: 'model_name' })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
  return models === 'one'
    ? variable.multi(false).includeAll(false)
    : variable
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: ['All'], value: ['$__all'] });
}

function fromGrafana(name: string, tags: readonly string[], color: string): dashboard.AnnotationQueryBuilder {
  const target: cog.Dataquery & dashboard.AnnotationTarget = {
    limit: 200,
    matchAny: false,
    tags: [...tags],
    type: 'tags',
    _implementsDataqueryVariant: () => undefined,
  };
  return new dashboard.AnnotationQueryBuilder()
    .name(name)
    .datasource({ type: 'grafana', uid: '-- Grafana --' })
    .enable(true)
    .iconColor(color)
    .target({ build: () => target });
}

/** Needs no token: a version that was not there five minutes ago marks five minutes. */
function newVersions(): dashboard.AnnotationQueryBuilder {
  const versions = 'count by (model_name, model_version) (mlfi_model_info{model_name=~"$model_name"})';
  const known = 'count by (model_name, model_version) (mlfi_model_info{model_name=~"$model_name"} offset 5m)';
  const before = 'count by (model_name) (mlfi_model_info{model_name=~"$model_name"} offset 5m)';
  return new dashboard.AnnotationQueryBuilder()
    .name('New model versions')
    .datasource(PROMETHEUS)
    .enable(true)
    .iconColor('orange')
    .expr(`(${versions} unless ${known}) and on (model_name) ${before}`)
    .step('60s')
    .titleFormat('{{model_name}}')
    .textFormat('now runs version {{model_version}}')
    .tagKeys('model_name,model_version');
}

/** The built dashboard with panels numbered from 1 in reading order, since the SDK numbers none. */
export function numbered(builder: dashboard.DashboardBuilder): dashboard.Dashboard {
  const built = builder.build();
  let next = 1;
  const number = (panel: dashboard.Panel | dashboard.RowPanel): void => {
    panel.id = next;
    next += 1;
    if (panel.type === 'row' && 'panels' in panel) panel.panels.forEach(number);
  };
  (built.panels ?? []).forEach(number);
  return built;
}
