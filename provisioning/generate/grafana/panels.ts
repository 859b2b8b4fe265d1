/** The house's panels: every one has a description and a unit, asks the data source variable, and links into the plugin. */
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stateTimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeSeries from '@grafana/grafana-foundation-sdk/timeseries';

export const PLUGIN = '/a/mlfi-investigator-app';
export const PROMETHEUS: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
/** Matches the models chosen in the variable. */
export const MODELS = 'model_name=~"$model_name"';

export interface Query {
  readonly expr: string;
  /** Grafana's legend template, e.g. `{{model_name}}`. */
  readonly legend?: string;
}

export interface PanelText {
  readonly title: string;
  readonly description: string;
  /** A Grafana unit id, e.g. `percentunit`, `s`, `short`. */
  readonly unit: string;
}

interface Placed {
  /** Of 24 columns. */
  readonly span?: number;
  readonly height?: number;
}

export interface Step {
  readonly from: number | null;
  readonly color: 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text';
}

const refIdOf = (index: number): string => String.fromCharCode(65 + index);

const targetOf = ({ expr, legend }: Query, index: number): prometheus.DataqueryBuilder =>
  new prometheus.DataqueryBuilder()
    .datasource(PROMETHEUS)
    .refId(refIdOf(index))
    .expr(expr)
    .legendFormat(legend ?? '__auto');

/** A share has one decimal: what is smaller is drawn as 0.0 %, not as 8.8e-12 %. */
const SHARE_DECIMALS = 1;

function withDecimals(builder: { decimals(decimals: number): unknown }, unit: string): void {
  if (unit === 'percentunit') builder.decimals(SHARE_DECIMALS);
}

const lines = (steps: readonly Step[]): dashboard.ThresholdsConfigBuilder =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }) => ({ value: from, color })));

/** Opens the model of a series in the plugin, in the dashboard's time range. */
const investigateLink = (): dashboard.DashboardLinkBuilder =>
  new dashboard.DashboardLinkBuilder('Investigate this model')
    .type(dashboard.DashboardLinkType.Link)
    .url(`${PLUGIN}/models/\${__field.labels.model_name}?from=\${__from}&to=\${__to}`);

export interface TimeSeriesPanel extends PanelText, Placed {
  readonly queries: readonly Query[];
  readonly min?: number;
  readonly max?: number;
  /** Horizontal lines to compare with. */
  readonly steps?: readonly Step[];
  readonly logarithmic?: boolean;
  readonly stacked?: boolean;
  /** False where a series is not one model. */
  readonly perModel?: boolean;
  /** Whole numbers as bars; a line between them would be values that never were. */
  readonly bars?: boolean;
  /** Colours of series that mean something by themselves, by their legend. */
  readonly colors?: Readonly<Record<string, Step['color']>>;
}

/** Lines over time. */
export function timeSeriesPanel(panel: TimeSeriesPanel): timeSeries.PanelBuilder {
  const builder = new timeSeries.PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(PROMETHEUS)
    .unit(panel.unit)
    .span(panel.span ?? 12)
    .height(panel.height ?? 8)
    .lineWidth(1)
    .fillOpacity(panel.stacked === true || panel.bars === true ? 40 : 5)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    )
    .targets(panel.queries.map(targetOf));
  withDecimals(builder, panel.unit);
  if (panel.bars === true) builder.drawStyle(common.GraphDrawStyle.Bars).decimals(0);
  for (const [name, color] of Object.entries(panel.colors ?? {}))
    builder.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.perModel !== false) builder.dataLinks([investigateLink()]);
  if (panel.stacked === true)
    builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  if (panel.logarithmic === true)
    builder.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10));
  if (panel.steps !== undefined) {
    builder
      .thresholds(lines(panel.steps))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

export interface StatPanel extends PanelText, Placed {
  readonly queries: readonly Query[];
  readonly steps: readonly Step[];
  readonly mappings?: readonly dashboard.ValueMapping[];
}

/** One figure per series, coloured by `steps`. */
export function statPanel(panel: StatPanel): stat.PanelBuilder {
  const builder = new stat.PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(PROMETHEUS)
    .unit(panel.unit)
    .span(panel.span ?? 4)
    .height(panel.height ?? 4)
    .thresholds(lines(panel.steps))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .targets(panel.queries.map(targetOf));
  withDecimals(builder, panel.unit);
  if (panel.mappings !== undefined) builder.mappings([...panel.mappings]);
  return builder;
}

export interface NamedState {
  readonly code: number;
  readonly text: string;
  readonly color: Step['color'];
}

/** Coloured bars over time; `queries` yield the codes of `states`. */
export function stateTimelinePanel(
  panel: PanelText & Placed & { readonly queries: readonly Query[]; readonly states: readonly NamedState[] },
): stateTimeline.PanelBuilder {
  return new stateTimeline.PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(PROMETHEUS)
    .unit(panel.unit)
    .span(panel.span ?? 24)
    .height(panel.height ?? 8)
    .mappings([
      {
        type: dashboard.MappingType.ValueToText,
        options: Object.fromEntries(
          panel.states.map(({ code, text, color }) => [String(code), { text, color, index: code }]),
        ),
      },
    ])
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .dataLinks([investigateLink()])
    .targets(panel.queries.map(targetOf));
}

export interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit: string;
  readonly steps?: readonly Step[];
  readonly mappings?: readonly dashboard.ValueMapping[];
}

/**
 * One row per value of the `row` label, one column per query; the row's name opens `link`. Further labels of the query are
 * columns too, by the title given here.
 */
export function tablePanel(
  panel: Omit<PanelText, 'unit'> &
    Placed & {
      readonly row: { readonly label: string; readonly title: string; readonly link: string | null };
      readonly columns: readonly Column[];
      readonly labels?: Readonly<Record<string, string>>;
      /** True where the value of the query only says that there is such a row. */
      readonly hidesValues?: boolean;
      readonly sortBy: { readonly title: string; readonly descending?: boolean };
    },
): table.PanelBuilder {
  // Grafana calls the values of a lone query `Value`, of several `Value #A`, `Value #B` …
  const valueName = (index: number): string => (panel.columns.length === 1 ? 'Value' : `Value #${refIdOf(index)}`);
  const titles = Object.fromEntries(panel.columns.map(({ title }, index) => [valueName(index), title]));
  const builder = new table.PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(PROMETHEUS)
    .unit('short')
    .span(panel.span ?? 24)
    .height(panel.height ?? 10)
    .filterable(true)
    .sortBy([
      new common.TableSortByFieldStateBuilder().displayName(panel.sortBy.title).desc(panel.sortBy.descending === true),
    ])
    .targets(
      panel.columns.map(({ expr }, index) =>
        targetOf({ expr }, index).instant().format(prometheus.PromQueryFormat.Table),
      ),
    )
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: {
            Time: true,
            ...(panel.hidesValues === true ? Object.fromEntries(Object.keys(titles).map((name) => [name, true])) : {}),
          },
          renameByName: { [panel.row.label]: panel.row.title, ...panel.labels, ...titles },
        },
      },
    ]);
  const { link } = panel.row;
  if (link !== null)
    builder.overrideByName(panel.row.title, [
      {
        id: 'links',
        value: [{ title: 'Investigate', url: `${link}?from=\${__from}&to=\${__to}`, targetBlank: false }],
      },
    ]);
  for (const { title, unit, steps, mappings } of panel.columns) {
    builder.overrideByName(title, [
      { id: 'unit', value: unit },
      ...(unit === 'percentunit' ? [{ id: 'decimals', value: SHARE_DECIMALS }] : []),
      ...(steps === undefined
        ? []
        : [
            { id: 'thresholds', value: lines(steps).build() },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          ]),
      ...(mappings === undefined ? [] : [{ id: 'mappings', value: mappings }]),
    ]);
  }
  return builder;
}

/** A panel of the mlfi plugin, which asks the exporter itself. */
export function pluginPanel(
  type: 'mlfi-approval-panel' | 'mlfi-root-cause-panel',
  panel: Omit<PanelText, 'unit'> & Placed,
): dashboard.PanelBuilder {
  return new dashboard.PanelBuilder()
    .type(type)
    .title(panel.title)
    .description(panel.description)
    .options({})
    .unit('short')
    .span(panel.span ?? 12)
    .height(panel.height ?? 12);
}
