import type { Config } from '../config/config.js';
import type { GrafanaAccess } from '../integrations/grafana/grafana-client.js';
import { startIntegrations, type IntegrationPorts, type Integrations } from '../integrations/index.js';
import type { ChangeSettings } from '../integrations/prometheus/change-detection.js';
import type { Fleet } from '../monitoring/fleet.js';

type Wired = Omit<IntegrationPorts, 'grafana' | 'changeSettings' | 'annotate' | 'models' | 'knownChanges'>;

/** Grafana and Prometheus as the configuration in force names them. */
export function wireIntegrations(ports: Wired, config: () => Config, fleet: Fleet): Integrations {
  return startIntegrations({
    ...ports,
    grafana: () => grafanaAccess(config()),
    changeSettings: () => changeSettings(config()),
    annotate: () => (config().annotations.post ? config().annotations.grafanaUrl : null),
    models: () => fleet.ids(),
    knownChanges: (id) => fleet.monitoredModel(id).totals.changes,
  });
}

function grafanaAccess({ annotations }: Config): GrafanaAccess | null {
  const { grafanaUrl, token, timeoutMs } = annotations;
  return grafanaUrl === null ? null : { url: grafanaUrl, token: token?.reveal() ?? null, timeoutMs };
}

function changeSettings({ changes, secrets }: Config): ChangeSettings {
  const { prometheusUrl: url, authorizationSecret: secret, timeoutMs } = changes;
  const authorization = secret === null ? null : (secrets.get(secret)?.reveal() ?? null);
  return { ...changes, prometheus: url === null ? null : { url, authorization, timeoutMs } };
}
