import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startServerProcess, type ServerProcess } from './server-process.js';

/** True where Debian's Prometheus is installed. */
export const HAS_PROMETHEUS = spawnSync('prometheus', ['--version']).status === 0;

export interface PromSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}
export type PromAnswer =
  | {
      readonly status: 'success';
      readonly data: { readonly resultType: string; readonly result: readonly PromSeries[] };
    }
  | { readonly status: 'error'; readonly errorType: string; readonly error: string };

export interface PrometheusServer extends ServerProcess {
  query(expr: string): Promise<PromAnswer>;
  /** From `startMs` until now, a point every second. */
  queryRange(expr: string, startMs: number): Promise<PromAnswer>;
}

const START_TIMEOUT_MS = 30_000;

/** Starts Debian's Prometheus on a free loopback port with `configuration` (YAML) and data in a folder of its own. */
export async function startPrometheus(configuration: string): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, configuration);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    command: 'prometheus',
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    url,
    readyPath: '/-/ready',
    timeoutMs: START_TIMEOUT_MS,
    stopWith: 'SIGKILL',
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const ask = async (path: string, parameters: Record<string, string>): Promise<PromAnswer> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    return (await response.json()) as PromAnswer;
  };
  return {
    url,
    query: (expr) => ask('query', { query: expr }),
    queryRange: (expr, startMs) =>
      ask('query_range', {
        query: expr,
        start: String(startMs / 1_000),
        end: String(Date.now() / 1_000),
        step: '1',
      }),
    stop,
  };
}
