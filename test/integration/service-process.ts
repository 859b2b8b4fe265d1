import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from './running-service.js';

const MAIN = join(import.meta.dirname, '../../exporter/src/main.ts');
/** What ships, after `npm run build`. */
const BUILT_MAIN = join(import.meta.dirname, '../../exporter/dist/src/main.js');

/** `mlfi serve` in a process of its own, on a port that stays the same over restarts. */
export interface ServiceProcess {
  readonly address: string;
  readonly child: ChildProcess;
  /** All it wrote. */
  readonly said: () => string;
  /** Exit code, null after a signal. */
  readonly exited: Promise<number | null>;
  /** @throws Error with what it wrote when it is not ready after `timeoutMs` */
  ready(timeoutMs?: number): Promise<void>;
}

/**
 * Starts it with its data and its configuration in `directory`. The caller ends it.
 * @param nodeOptions of the process, e.g. `--inspect=127.0.0.1:0`
 * @param built runs what was built instead of the sources
 * @param environment besides that of the test
 */
export function startServiceProcess(
  directory: string,
  port: number,
  settings: object = {},
  nodeOptions: readonly string[] = [],
  built = false,
  environment: Readonly<Record<string, string>> = {},
): ServiceProcess {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'mlfi.yml');
  writeFileSync(
    file,
    stringify({
      data_dir: directory,
      listen: { address: '127.0.0.1', port },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      logging: { level: 'info' },
      ...settings,
    }),
  );
  const main = built ? [BUILT_MAIN] : ['--import', 'tsx', MAIN];
  const child = spawn(process.execPath, [...nodeOptions, ...main, 'serve', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const address = `http://127.0.0.1:${port}`;
  return {
    address,
    child,
    said: () => said,
    exited,
    async ready(timeoutMs = 60_000) {
      await eventually('readiness', timeoutMs, async () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`mlfi ended: ${said}`);
        return fetch(`${address}/-/ready`).then(
          async (response) => {
            await response.body?.cancel();
            return response.ok ? true : null;
          },
          () => null,
        );
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${said}`);
      });
    },
  };
}
