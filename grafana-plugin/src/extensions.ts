import { dateTime, isDateTime, type PluginExtensionAddedLinkConfig, type RawTimeRange } from '@grafana/data';
import { withRange } from './components/useTimeRange';
import { PAGES } from './constants';

type Labelled = {
  timeRange?: Partial<RawTimeRange> & { raw?: RawTimeRange };
  instance?: { activeAt?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  data?: { series?: Array<{ fields: Array<{ labels?: Record<string, string> }> }> };
  scopedVars?: Record<string, { value?: unknown } | undefined>;
};

const MODEL_LABELS = ['model_name', 'model'];
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** The model a panel or an alert is about: by label `model_name` or `model`, or by the dashboard's variable of that name. */
export function modelOf(context: Labelled | undefined): string | null {
  const labelled = [
    context?.instance?.labels,
    ...(context?.data?.series ?? []).flatMap(({ fields }) => fields.map(({ labels }) => labels)),
  ];
  const found = [
    ...labelled.flatMap((labels) => MODEL_LABELS.map((name) => labels?.[name])),
    ...MODEL_LABELS.map((name) => context?.scopedVars?.[name]?.value),
  ];
  const model = found.find((value): value is string => typeof value === 'string' && SLUG.test(value));
  return model ?? null;
}

/** Where an alert leads: to its incident when it names one, else to its model. */
function pathOf(context: Labelled | undefined): string | undefined {
  const incident = context?.instance?.annotations?.incident_id;
  if (incident !== undefined && /^[\w-]{1,100}$/.test(incident)) {
    return PAGES.incident(incident);
  }
  const model = modelOf(context);
  return model === null ? undefined : PAGES.model(model);
}

/** An alert is looked at from this long before it began. */
const BEFORE_ALERT_MS = 30 * 60_000;

/** The time range the link should carry: that of the dashboard, or from shortly before the alert began until now. */
export function rangeOf(context: Labelled | undefined): RawTimeRange | null {
  const { timeRange, instance } = context ?? {};
  const { from, to } = timeRange?.raw ?? timeRange ?? {};
  const isEnd = (end: unknown): end is RawTimeRange['from'] =>
    (typeof end === 'string' && end !== '') || isDateTime(end);
  if (isEnd(from) && isEnd(to)) {
    return { from, to };
  }
  const began = Date.parse(instance?.activeAt ?? '');
  return Number.isFinite(began) && began > 0 ? { from: dateTime(began - BEFORE_ALERT_MS), to: 'now' } : null;
}

const whenThereIsAModel = (context: unknown) => {
  const path = pathOf(context as Labelled | undefined);
  return path === undefined ? undefined : { path: withRange(path, rangeOf(context as Labelled | undefined)) };
};

/** Links in Grafana's own menus; titles and targets are as in plugin.json, or Grafana ignores them. */
export const LINKS: PluginExtensionAddedLinkConfig[] = [
  {
    targets: ['grafana/dashboard/panel/menu'],
    title: 'Investigate model',
    description: 'Opens the model this panel shows in ML Failure Investigator',
    icon: 'heart-rate',
    path: PAGES.fleet,
    configure: whenThereIsAModel,
  },
  {
    targets: ['grafana/alerting/instance/action'],
    title: 'Investigate model failure',
    description: 'Opens the incident or model of this alert in ML Failure Investigator',
    icon: 'heart-rate',
    path: PAGES.fleet,
    configure: whenThereIsAModel,
  },
  {
    targets: ['grafana/commandpalette/action'],
    title: 'ML models: fleet',
    description: 'Every watched machine-learning model',
    path: PAGES.fleet,
  },
  {
    targets: ['grafana/commandpalette/action'],
    title: 'ML models: decisions',
    description: 'Actions on machine-learning models that wait for a decision',
    path: PAGES.approvals,
  },
];
