import type { ProvisionSettings } from '../settings.js';

/** What differs between an installation and a test on real servers. */
export interface AlertmanagerSettings {
  readonly grafanaUrl: string;
  readonly groupWait: string;
  readonly groupInterval: string;
  readonly repeatInterval: string;
  readonly templates: string;
  /** Where mlfi takes in alerts of others, and the file with its API key (scope `ingest`). */
  readonly mlfi: { readonly url: string; readonly keyFile: string };
  /** Alerts link to a runbook. */
  readonly hasRunbooks: boolean;
  /** Slack-compatible webhook addresses, each in a file of its own. */
  readonly pageUrlFile: string;
  readonly ticketUrlFile: string;
}

export const installationOf = ({ grafanaUrl, runbookUrl }: ProvisionSettings): AlertmanagerSettings => ({
  grafanaUrl,
  hasRunbooks: runbookUrl !== null,
  groupWait: '30s',
  groupInterval: '5m',
  repeatInterval: '4h',
  templates: '/etc/alertmanager/templates/*.tmpl',
  mlfi: { url: 'http://mlfi:9899/api/v1/alerts/alertmanager', keyFile: '/run/secrets/mlfi-ingest-key' },
  pageUrlFile: '/run/secrets/slack-page-url',
  ticketUrlFile: '/run/secrets/slack-ticket-url',
});

/** One message in Slack's format, from templates/mlfi.tmpl: headline, cause, top action, link. */
function slack(urlFile: string, hasRunbooks: boolean): object {
  return {
    send_resolved: true,
    api_url_file: urlFile,
    color: '{{ template "mlfi.color" . }}',
    title: '{{ template "mlfi.title" . }}',
    title_link: '{{ template "mlfi.link" . }}',
    text: '{{ template "mlfi.text" . }}',
    fallback: '{{ template "mlfi.title" . }}',
    actions: [
      { type: 'button', text: 'Investigate', url: '{{ template "mlfi.link" . }}' },
      ...(hasRunbooks
        ? [{ type: 'button', text: 'Runbook', url: '{{ (index .Alerts 0).Annotations.runbook_url }}' }]
        : []),
    ],
  };
}

/** All of mlfi's alerts about a model; a label missing on both sides counts as equal, so the model must be named. */
const OF_A_MODEL = ['origin="mlfi"', 'mlfi_scope="model"', 'model_name!=""'];

const bySeverity = (): object => ({
  receiver: 'mlfi-ticket',
  routes: [
    { matchers: ['severity="critical"'], receiver: 'mlfi-page' },
    { matchers: ['severity="info"'], receiver: 'mlfi-none' },
  ],
});

/**
 * The whole configuration: mlfi's own alerts to people by severity, alerts of others about models to mlfi as well as to
 * whom they went before. One cause pages once: what is blind mutes everything about models, an unreachable model mutes what
 * follows from it, an open incident mutes its symptoms. Incidents of one story come together, and none is muted.
 */
export function alertmanagerConfiguration(settings: AlertmanagerSettings): object {
  return {
    global: { resolve_timeout: '5m' },
    templates: [settings.templates],
    route: {
      receiver: 'team',
      group_by: ['alertname'],
      group_wait: settings.groupWait,
      group_interval: settings.groupInterval,
      repeat_interval: settings.repeatInterval,
      routes: [
        // One upstream fault is one notification; whoever joins later is an update of it.
        { matchers: ['origin="mlfi"', 'story!=""'], group_by: ['mlfi_scope', 'story'], ...bySeverity() },
        { matchers: ['origin="mlfi"'], group_by: ['mlfi_scope', 'model_name'], ...bySeverity() },
        // Goes on to the team: a route that continues alone would take the parent's receiver away.
        { matchers: ['origin!="mlfi"', 'model_name!=""'], receiver: 'mlfi-investigate', continue: true },
        { matchers: ['origin!="mlfi"', 'model!=""'], receiver: 'mlfi-investigate', continue: true },
        { matchers: ['origin!="mlfi"'], receiver: 'team' },
      ],
    },
    inhibit_rules: [
      {
        source_matchers: ['origin="mlfi"', 'mlfi_role="blind"'],
        target_matchers: ['origin="mlfi"', 'mlfi_scope="model"'],
      },
      {
        source_matchers: ['origin="mlfi"', 'mlfi_role="unreachable"', 'model_name!=""'],
        target_matchers: [...OF_A_MODEL, 'mlfi_role=~"incident|symptom"'],
        equal: ['model_name'],
      },
      {
        source_matchers: ['origin="mlfi"', 'mlfi_role="incident"', 'model_name!=""'],
        target_matchers: [...OF_A_MODEL, 'mlfi_role="symptom"'],
        equal: ['model_name'],
      },
      {
        source_matchers: ['origin="mlfi"', 'severity="critical"', 'model_name!=""'],
        target_matchers: [...OF_A_MODEL, 'severity="warning"'],
        equal: ['alertname', 'model_name'],
      },
    ],
    receivers: [
      { name: 'team' },
      { name: 'mlfi-none' },
      { name: 'mlfi-page', slack_configs: [slack(settings.pageUrlFile, settings.hasRunbooks)] },
      { name: 'mlfi-ticket', slack_configs: [slack(settings.ticketUrlFile, settings.hasRunbooks)] },
      {
        name: 'mlfi-investigate',
        webhook_configs: [
          {
            url: settings.mlfi.url,
            send_resolved: true,
            max_alerts: 200,
            http_config: { authorization: { credentials_file: settings.mlfi.keyFile } },
          },
        ],
      },
    ],
  };
}
