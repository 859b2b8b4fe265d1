import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseConfig } from '../../exporter/src/config/load.js';
import { startService, type Service } from '../../exporter/src/service/start.js';

/** A real service on a free loopback port, impatient, with its data in a folder of its own. */
export interface RunningService {
  readonly service: Service;
  readonly key: string;
  readonly directory: string;
  /** Calls the API with the first key, or with another bearer. */
  request(
    method: string,
    path: string,
    body?: unknown,
    bearer?: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Stops and starts again on the same data, doing something to it meanwhile. */
  restart(meanwhile?: () => void | Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Local people of every test service, by login. */
export const TOKENS = {
  ada: 'ada-0123456789012345678901234567890',
  grace: 'grace-0123456789012345678901234567',
} as const;

export async function runService(settings: object = {}): Promise<RunningService> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-service-'));
  const loaded = parseConfig(
    'test',
    stringify({
      data_dir: directory,
      listen: { address: '127.0.0.1', port: 0 },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      probing: { interval: '1s', timeout: '1s', probes_per_cycle: 5, golden_inputs: 5 },
      investigation: { timeout: '1s' },
      baseline: { minimum_samples: 100 },
      paging: { season: 'none' },
      windows: { length: '5s', evaluate_every: '1s' },
      logging: { level: 'error' },
      identity: {
        local_people: [
          { login: 'ada', name: 'Ada', token: TOKENS.ada },
          { login: 'grace', name: 'Grace', token: TOKENS.grace },
        ],
      },
      ...settings,
    }),
    {},
    directory,
  );
  if (loaded.kind === 'refused')
    throw new Error(loaded.problems.map(({ key, message }) => `${key} ${message}`).join('; '));
  let service = await startService(loaded.config);
  const key = service.firstKey ?? '';
  return {
    get service() {
      return service;
    },
    key,
    directory,
    async request(method, path, body, bearer = key) {
      const response = await fetch(`${service.address}${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      let parsed: unknown = text;
      try {
        parsed = JSON.parse(text);
      } catch {
        // Metrics and pages are no JSON.
      }
      return { status: response.status, body: parsed };
    },
    async restart(meanwhile) {
      await service.close();
      await meanwhile?.();
      service = await startService(loaded.config);
    },
    async close() {
      await service.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until `ask` gives a value, asking every 100 ms. @throws Error after `timeoutMs` */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | null> | T | null,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (Date.now() > until) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
