import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { ProvisionSettings } from '../settings.js';
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

/** Everything generated for Grafana: path from the repository's root → text. */
export const provisionedFiles = (settings: ProvisionSettings): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    dashboards().map((dashboard) => [
      `provisioning/grafana/dashboards/${dashboard.uid}.json`,
      `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
  ),
  ...alertingFiles(settings),
});
