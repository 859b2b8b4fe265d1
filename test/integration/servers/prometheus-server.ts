import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

export interface PrometheusServer {
  readonly url: string;
  query(expr: string): Promise<PromAnswer>;
  /** From `startMs` until now, a point every second. */
  queryRange(expr: string, startMs: number): Promise<PromAnswer>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts Debian's Prometheus on a free loopback port with `configuration` (YAML) and data in a folder of its own. */
export async function startPrometheus(configuration: string): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, configuration);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`prometheus stopped: ${output}`);
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (Date.now() > until) {
      await stop();
      throw new Error(`prometheus was not ready within ${START_TIMEOUT_MS / 1_000} s: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
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
