import type { Config } from '../config/config.js';
import type { GrafanaAccess } from '../integrations/grafana/grafana-client.js';
import { startIntegrations, type Integrations } from '../integrations/index.js';
import type { ChangeSettings } from '../integrations/prometheus/change-detection.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Application } from '../application/index.js';
import type { Foundation } from './foundation.js';

/** Grafana and Prometheus as the configuration in force names them; annotations are posted from here on. */
export function wireIntegrations(
  { http, clock, logger, events, store, config, closing }: Foundation,
  fleet: Fleet,
  application: Application,
): Integrations {
  const integrations = startIntegrations({
    http,
    clock,
    logger,
    events,
    settings: store.settings,
    grafana: () => grafanaAccess(config.current()),
    changeSettings: () => changeSettings(config.current()),
    annotate: () => (config.current().annotations.post ? config.current().annotations.grafanaUrl : null),
    models: () => fleet.ids(),
    knownChanges: (id) => fleet.monitoredModel(id).counters.changes,
    voters: async (id, verdict) =>
      (await store.decisions.get(id))?.votes.filter((vote) => vote.verdict === verdict).map(({ by }) => by.name) ?? [],
    record: (id, change, by) => application.models.recordChange(id, change, by),
  });
  closing.push('Grafana and Prometheus', () => integrations.stop());
  return integrations;
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
