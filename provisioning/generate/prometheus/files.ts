import { stringify } from 'yaml';
import { metricsPage } from './metrics-page.js';
import type { ProvisionSettings } from '../settings.js';
import { alertGroups } from './alerts.js';
import { prometheusConfiguration } from './configuration.js';
import { drift, errorRatios, levels } from './recording.js';
import { Timing, type RuleGroup } from './rule.js';
import { serving } from './serving.js';

const HEADER = '# Made by `npm run provision` from provisioning/generate/prometheus. Change it there.\n';

const ruleFile = (groups: readonly RuleGroup[]): string =>
  HEADER + stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false });

/** Prometheus' rule files: name → text. @param timing tests on real servers run the same rules faster */
export function ruleFiles(settings: ProvisionSettings, timing = new Timing()): Readonly<Record<string, string>> {
  return {
    'mlfi-recording.yml': ruleFile([errorRatios(timing), levels(timing), drift(timing)]),
    'mlfi-alerts.yml': ruleFile(alertGroups(timing, settings)),
    'ml-serving.yml': ruleFile([serving(timing)]),
  };
}

/** Everything generated for Prometheus. */
export function provisionedFiles(settings: ProvisionSettings): Readonly<Record<string, string>> {
  const rules = Object.entries(ruleFiles(settings)).map(([name, text]) => [
    `provisioning/prometheus/rules/${name}`,
    text,
  ]);
  const configuration = prometheusConfiguration({
    timing: new Timing(),
    keyFile: '/run/secrets/mlfi-read-key',
    replicas: ['mlfi:9899'],
    service: ['mlfi:9899'],
    ruleFiles: '/etc/prometheus/rules/*.yml',
    alertmanagers: ['alertmanager:9093'],
    scrapeEvery: '30s',
  });
  return {
    'provisioning/prometheus/prometheus.yml': HEADER + stringify(configuration, { lineWidth: 0 }),
    ...(Object.fromEntries(rules) as Record<string, string>),
    'docs/metrics.md': metricsPage(),
  };
}
