import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { GeneratedFile } from '../generated-file.js';
import { alertingFiles } from './alerting.js';
import { driftDashboard } from './drift.js';
import { fleetDashboard } from './fleet.js';
import { incidentsDashboard } from './incidents.js';
import { modelDashboard } from './model.js';
import { selfDashboard } from './self.js';

/** The dashboards, in the order people meet them. */
export const dashboards = (): readonly Dashboard[] => [
  fleetDashboard(),
  modelDashboard(),
  driftDashboard(),
  incidentsDashboard(),
  selfDashboard(),
];

/** Everything generated for Grafana, relative to the repository. */
export const grafanaFiles = (): readonly GeneratedFile[] => [
  ...dashboards().map((dashboard) => ({
    path: `provisioning/grafana/dashboards/${dashboard.uid}.json`,
    text: `${JSON.stringify(dashboard, null, 2)}\n`,
  })),
  ...alertingFiles(),
];
