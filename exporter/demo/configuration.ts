import { stringify } from 'yaml';
import type { JsonObject } from '../src/domain/json.js';

export interface DemoConfigurationInput {
  readonly dataDirectory: string;
  readonly port: number;
  /** Token of the one person who decides in the demo. */
  readonly personToken: string;
  /** One model is watched for its story, not all for their verdicts. */
  readonly isStory: boolean;
  /** Webhook that repairs the tabular model's data. */
  readonly mendUrl: string;
  /** Name and address of every model that is watched. */
  readonly models: readonly { readonly id: string; readonly url: string }[];
}

/** Calls the drifting model answers in health: its baseline and a little more. */
export const HEALTHY_CALLS_BEFORE_DECAY = 300;

/** Calls the broken model answers before it breaks: it is found, and some cycles are well. */
export const WORKING_CALLS = 40;

/**
 * The demo's configuration file: impatient (a second where the defaults take a minute), and allowed to call this machine.
 * Detection lines and what a baseline needs are the defaults; of a story's model only large shifts of latency count.
 */
export function demoConfiguration({
  dataDirectory,
  port,
  personToken,
  mendUrl,
  isStory,
  models,
}: DemoConfigurationInput): string {
  const configuration: JsonObject = {
    data_dir: dataDirectory,
    listen: { address: '127.0.0.1', port },
    egress: { allow_cidrs: ['127.0.0.0/8'] },
    probing: { interval: '1s', jitter: 0.2, concurrency: 4, timeout: '2s', probes_per_cycle: 5, golden_inputs: 5 },
    investigation: { timeout: '3s' },
    // The traffic of the demo knows no day and night, so there is none to wait for.
    // All of it runs on one machine, whose other work sets how fast models answer: that is no fault to tell of a story's model.
    paging: { season: 'none', ...(isStory ? { signal_tolerance: { latency_seconds: 0.3 } } : {}) },
    windows: { length: '10s', evaluate_every: '1s' },
    logging: { level: 'error' },
    // Without Grafana a person has to be vouched for here: whoever holds the token is that person.
    identity: { local_people: [{ login: 'you', name: 'You, at this machine', token: personToken }] },
    governance: {
      webhooks: [{ name: 'demo-pipeline', url: mendUrl, actions: ['fix-pipeline'], models: ['tabular'] }],
      verification: { settle: '5s', hold: '10s', give_up: '5m' },
    },
    models: models.map(({ id, url }) => ({ id, url, tags: ['demo'] })),
  };
  return `# Written by \`npm run demo\`; a configuration for a demonstration, not for production.\n${stringify(configuration)}`;
}
