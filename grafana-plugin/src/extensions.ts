import type { PluginExtensionAddedLinkConfig } from '@grafana/data';
import { PAGES } from './constants';

type Labelled = { instance?: { labels?: Record<string, string>; annotations?: Record<string, string> }; data?: { series?: Array<{ fields: Array<{ labels?: Record<string, string> }> }> }; scopedVars?: Record<string, { value?: unknown } | undefined> };

const MODEL_LABELS = ['model_name', 'model'];
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** The model a panel or an alert is about: by label `model_name` or `model`, or by the dashboard's variable of that name. */
export function modelOf(context: Labelled | undefined): string | null {
  const labelled = [context?.instance?.labels, ...(context?.data?.series ?? []).flatMap(({ fields }) => fields.map(({ labels }) => labels))];
  const found = [...labelled.flatMap((labels) => MODEL_LABELS.map((name) => labels?.[name])), ...MODEL_LABELS.map((name) => context?.scopedVars?.[name]?.value)];
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

const whenThereIsAModel = (context: unknown) => {
  const path = pathOf(context as Labelled | undefined);
  return path === undefined ? undefined : { path };
};

/** Links in Grafana's own menus; titles and targets are as in plugin.json, or Grafana ignores them. */
export const LINKS: PluginExtensionAddedLinkConfig[] = [
  { targets: ['grafana/dashboard/panel/menu'], title: 'Investigate model', description: 'Opens the model this panel shows in ML Failure Investigator', icon: 'heart-rate', path: PAGES.fleet, configure: whenThereIsAModel },
  { targets: ['grafana/alerting/instance/action'], title: 'Investigate model failure', description: 'Opens the incident or model of this alert in ML Failure Investigator', icon: 'heart-rate', path: PAGES.fleet, configure: whenThereIsAModel },
  { targets: ['grafana/commandpalette/action'], title: 'ML models: fleet', description: 'Every watched machine-learning model', path: PAGES.fleet },
];
