/** What is wrong with a dashboard as a person meets it, read off its JSON: nothing here asks a Grafana. */

export interface LintedPanel {
  readonly type: string;
  readonly title?: string | undefined;
  readonly gridPos?: { readonly w: number; readonly h: number } | undefined;
  readonly targets?:
    readonly { readonly expr?: string | undefined; readonly legendFormat?: string | undefined }[] | undefined;
  readonly fieldConfig?:
    | {
        readonly defaults?: { readonly unit?: string | undefined; readonly decimals?: number | undefined } | undefined;
        readonly overrides?: readonly {
          readonly matcher: { readonly id: string; readonly options?: unknown };
          readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
        }[];
      }
    | undefined;
  readonly options?: unknown;
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[] | undefined;
}

export interface LintedDashboard {
  readonly panels: readonly LintedPanel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly multi?: boolean | undefined }[] };
}

/** Width of one of the 24 columns on a window of 1440 px beside the docked menu. */
const COLUMN_PX = 1_080 / 24;
/** A letter of a panel's title, and what is not title: padding, the description's icon and the menu. */
const TITLE_LETTER_PX = 7.2;
const TITLE_REST_PX = 56;
/** A letter of a table's head, and its padding with the filter's icon. */
const HEAD_LETTER_PX = 7;
const HEAD_REST_PX = 36;
/** Labels with a handful of values; lines may be drawn for each of them. */
const FEW_VALUES: ReadonlySet<string> = new Set([
  'bound',
  'level',
  'line',
  'outcome',
  'reason',
  'sender',
  'state',
  'version',
  'instance',
]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const widthOf = ({ gridPos }: LintedPanel): number => (gridPos?.w ?? 24) * COLUMN_PX;

/** Titles that are cut at the width of their panel. */
function cutTitle(panel: LintedPanel): readonly string[] {
  const title = panel.title ?? '';
  const needs = title.length * TITLE_LETTER_PX + TITLE_REST_PX;
  return needs > widthOf(panel) ? [`the title is cut: ${Math.ceil(needs)} px on ${Math.floor(widthOf(panel))} px`] : [];
}

/** Shares without a number of decimals are drawn as `8.8e-12%`. */
function units({ type, fieldConfig }: LintedPanel): readonly string[] {
  const { unit, decimals } = fieldConfig?.defaults ?? {};
  if (type.startsWith('mlfi-') || type === 'annolist') return [];
  if (unit === undefined || unit === '') return ['it has no unit'];
  const loose = (fieldConfig?.overrides ?? []).filter(
    ({ properties }) =>
      properties.some(({ id, value }) => id === 'unit' && value === 'percentunit') &&
      !properties.some(({ id }) => id === 'decimals'),
  );
  return [
    ...(unit === 'percentunit' && decimals === undefined ? ['a share without decimals'] : []),
    ...loose.map(({ matcher }) => `the share ${String(matcher.options)} has no decimals`),
  ];
}

/** Lines for a label with any number of values, and nothing that keeps them few. */
function unboundedLegend({ type, targets }: LintedPanel, isOfOneModel: boolean): readonly string[] {
  if (type !== 'timeseries') return [];
  return (targets ?? []).flatMap(({ expr = '', legendFormat = '' }) => {
    const labels = [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label ?? '');
    const many = labels.filter((label) => !FEW_VALUES.has(label) && !(isOfOneModel && label === 'model_name'));
    return many.length > 0 && !/\b(?:topk|bottomk)\(\d+,/.test(expr) ? [`a line for every ${many.join(' and ')}`] : [];
  });
}

/** Quotients and quantiles that answer "not a number" when nothing was counted. */
function notANumber({ targets }: LintedPanel): readonly string[] {
  return (targets ?? []).flatMap(({ expr = '' }) => [
    ...(/\bhistogram_quantile\(/.test(expr) && !/>= 0/.test(expr) ? ['a quantile of an empty histogram is NaN'] : []),
    ...(/\/\s*(?:sum|count|avg|max|min|rate|mlfi_)/.test(expr) ? ['a quotient by 0 is NaN: divide by (… > 0)'] : []),
  ]);
}

/** Heads that do not fit, names of labels as they are, and no order: the best model first. */
function tables(panel: LintedPanel): readonly string[] {
  if (panel.type !== 'table') return [];
  const organize = panel.transformations?.find(({ id }) => id === 'organize')?.options;
  const renamed = isObject(organize) && isObject(organize.renameByName) ? organize.renameByName : {};
  const excluded = isObject(organize) && isObject(organize.excludeByName) ? organize.excludeByName : {};
  const heads = Object.entries(renamed).flatMap(([field, head]) => (excluded[field] === true ? [] : [String(head)]));
  const needs = heads.reduce((sum, head) => sum + head.length * HEAD_LETTER_PX + HEAD_REST_PX, 0);
  const labels = new Set(
    (panel.targets ?? []).flatMap(({ expr = '' }) =>
      [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) =>
        (list ?? '').split(',').map((label) => label.trim()),
      ),
    ),
  );
  const raw = [...labels].filter((label) => !(label in renamed) && excluded[label] !== true && label !== 'le');
  const sorted = isObject(panel.options) && Array.isArray(panel.options.sortBy) && panel.options.sortBy.length > 0;
  return [
    ...(needs > widthOf(panel)
      ? [`its heads are cut: ${Math.ceil(needs)} px on ${Math.floor(widthOf(panel))} px`]
      : []),
    ...raw.map((label) => `the head of ${label} is the name of the label`),
    ...heads.filter((head) => /^[a-z]/.test(head)).map((head) => `the head "${head}" begins with a small letter`),
    ...(sorted ? [] : ['its rows have no order']),
  ];
}

/** Every fault, as `panel: what`. */
export function faultsOf({ panels, templating }: LintedDashboard): readonly string[] {
  const shown = panels.filter(({ type }) => type !== 'row');
  const text = JSON.stringify(shown);
  const isOfOneModel = templating.list.some(isSingle);
  const unused = templating.list.map(({ name }) => name).filter((name) => !new RegExp(`\\$\\{?${name}\\b`).test(text));
  return [
    ...unused.map((name) => `the variable ${name} is used by no panel`),
    ...shown.flatMap((panel) =>
      [
        ...cutTitle(panel),
        ...units(panel),
        ...unboundedLegend(panel, isOfOneModel),
        ...notANumber(panel),
        ...tables(panel),
      ].map((fault) => `${panel.title ?? panel.type}: ${fault}`),
    ),
  ];
}

/** Whether a variable chooses one model only. */
const isSingle = (variable: { readonly name: string; readonly multi?: boolean | undefined }): boolean =>
  variable.name === 'model_name' && variable.multi !== true;
