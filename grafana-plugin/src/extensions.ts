import { dateTime, isDateTime, type PluginExtensionAddedLinkConfig, type RawTimeRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { withRange } from './components/useTimeRange';
import { PAGES } from './constants';

/**
 * A property of what Grafana hands to extensions. It is a read-only proxy, and where it wraps something frozen already (an
 * alert), reading a nested object throws; its descriptor still tells the value.
 */
function read(source: unknown, name: string): unknown {
  if (typeof source !== 'object' || source === null) {
    return undefined;
  }
  try {
    return Reflect.get(source, name);
  } catch {
    return Object.getOwnPropertyDescriptor(source, name)?.value;
  }
}
const readAll = (source: unknown, ...path: string[]) =>
  path.reduce((value: unknown, name) => read(value, name), source);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The variable of mlfi's dashboards first; `model` is what others call it. */
const MODEL_LABELS = ['model_name', 'model'];
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** The model a panel or an alert is about: by label `model_name` or `model`, or by the dashboard's variable of that name. */
export function modelOf(context: unknown): string | null {
  const fields = listOf(readAll(context, 'data', 'series')).flatMap((series) => listOf(read(series, 'fields')));
  const labelled = [readAll(context, 'instance', 'labels'), ...fields.map((field) => read(field, 'labels'))];
  const found = [
    ...labelled.flatMap((labels) => MODEL_LABELS.map((name) => read(labels, name))),
    ...MODEL_LABELS.map((name) => readAll(context, 'scopedVars', name, 'value')),
  ];
  return found.find((value): value is string => typeof value === 'string' && SLUG.test(value)) ?? null;
}

const isIncident = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,100}$/.test(value);

/** Where an alert leads: to its incident when it names one, else to the open incident of its model. */
function alertPath(context: unknown): string | undefined {
  const named = ['annotations', 'labels'].map((kind) => readAll(context, 'instance', kind, 'incident_id'));
  const incident = named.find(isIncident);
  if (incident !== undefined) {
    return PAGES.incident(incident);
  }
  const model = modelOf(context);
  return model === null ? undefined : PAGES.incidentOf(model);
}

function panelPath(context: unknown): string | undefined {
  const model = modelOf(context);
  return model === null ? undefined : PAGES.model(model);
}

/** An alert is looked at from this long before it began. */
const BEFORE_ALERT_MS = 30 * 60_000;

/** The time range the link should carry: that of the dashboard, or from shortly before the alert began until now. */
export function rangeOf(context: unknown): RawTimeRange | null {
  const timeRange = read(context, 'timeRange');
  const raw = read(timeRange, 'raw') ?? timeRange;
  const [from, to] = [read(raw, 'from'), read(raw, 'to')];
  const isEnd = (end: unknown): end is RawTimeRange['from'] =>
    (typeof end === 'string' && end !== '') || isDateTime(end);
  if (isEnd(from) && isEnd(to)) {
    return { from, to };
  }
  const activeAt = readAll(context, 'instance', 'activeAt');
  const began = typeof activeAt === 'string' ? Date.parse(activeAt) : NaN;
  return Number.isFinite(began) && began > 0 ? { from: dateTime(began - BEFORE_ALERT_MS), to: 'now' } : null;
}

const leadingTo = (pathOf: (context: unknown) => string | undefined) => (context: unknown) => {
  const path = pathOf(context);
  return path === undefined ? undefined : { path: withRange(path, rangeOf(context)) };
};

/** Grafana runs what a command does and follows no path by itself. */
const goTo = (path: string) => () => locationService.push(path);

/** Links in Grafana's own menus; titles and targets are as in plugin.json, or Grafana ignores them. */
export const LINKS: PluginExtensionAddedLinkConfig[] = [
  {
    targets: ['grafana/dashboard/panel/menu'],
    title: 'Investigate model',
    description: 'Opens the model this panel shows in ML Failure Investigator',
    icon: 'heart-rate',
    path: PAGES.fleet,
    configure: leadingTo(panelPath),
  },
  {
    targets: ['grafana/alerting/instance/action'],
    title: 'Investigate model failure',
    description: 'Opens the incident or model of this alert in ML Failure Investigator',
    icon: 'heart-rate',
    path: PAGES.fleet,
    configure: leadingTo(alertPath),
  },
  {
    targets: ['grafana/commandpalette/action'],
    title: 'ML models: fleet',
    description: 'Every watched machine-learning model',
    onClick: goTo(PAGES.fleet),
  },
  {
    targets: ['grafana/commandpalette/action'],
    title: 'ML models: decisions',
    description: 'Actions on machine-learning models that wait for a decision',
    onClick: goTo(PAGES.approvals),
  },
];
