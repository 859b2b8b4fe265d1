import pluginJson from './plugin.json';

export const PLUGIN_ID = pluginJson.id;
/** Where Grafana forwards to the exporter; the secret is added there, not here. */
export const EXPORTER_PROXY = `/api/plugin-proxy/${PLUGIN_ID}`;
