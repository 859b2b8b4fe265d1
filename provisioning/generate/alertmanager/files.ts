import { stringify } from 'yaml';
import type { ProvisionSettings } from '../settings.js';
import { alertmanagerConfiguration, installationOf } from './configuration.js';

const HEADER = `# Made by \`npm run provision\` from provisioning/generate/alertmanager. Change it there, or copy from it what you need:
# the two routes for origin="mlfi", the two for alerts of others, the inhibit rules and the receivers that start with mlfi-.
`;

/** Everything generated for Alertmanager. */
export function provisionedFiles(settings: ProvisionSettings): Readonly<Record<string, string>> {
  const configuration = alertmanagerConfiguration(installationOf(settings));
  return {
    'provisioning/alertmanager/alertmanager.yml':
      HEADER + stringify(configuration, { lineWidth: 0, aliasDuplicateObjects: false }),
  };
}
