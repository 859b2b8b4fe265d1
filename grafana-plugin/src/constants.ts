/** Written out, because a nested panel may not import the app's plugin.json; a test compares it. */
export const PLUGIN_ID = 'mlfi-investigator-app';
/** Where Grafana forwards to the exporter; the secret is added there, not here. */
export const EXPORTER_PROXY = `/api/plugin-proxy/${PLUGIN_ID}`;
const ROOT = `/a/${PLUGIN_ID}`;
/** Addresses of the pages. */
export const PAGES = {
  root: ROOT,
  fleet: `${ROOT}/fleet`,
  connect: `${ROOT}/connect`,
  approvals: `${ROOT}/approvals`,
  audit: `${ROOT}/audit`,
  configuration: `/plugins/${PLUGIN_ID}`,
  model: (id: string) => `${ROOT}/models/${encodeURIComponent(id)}`,
  /** Leads on to the open incident of a model, or to its newest one. */
  incidentOf: (model: string) => `${ROOT}/models/${encodeURIComponent(model)}/incident`,
  incident: (id: string) => `${ROOT}/incidents/${encodeURIComponent(id)}`,
};
