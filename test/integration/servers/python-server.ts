import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The interpreter with the model servers, made by `npm test`; null when there is none. */
export const PYTHON = process.env.MLFI_PYTHON ?? null;

/** On CI the real servers must be there; elsewhere their tests are skipped, visibly. */
export const MAY_SKIP = process.env.CI !== 'true';

export interface PythonServer {
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts `test/integration/servers/<script>` on a free loopback port and waits until `path` answers. */
export async function startPython(script: string, path: string): Promise<PythonServer> {
  if (PYTHON === null) throw new Error('MLFI_PYTHON is not set; run `npm test -- servers` first');
  const port = await freePort();
  const child = spawn(PYTHON, [join(import.meta.dirname, script), String(port)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
        resolve();
        return;
      }
      child.once('exit', () => resolve());
      // The group: servers such as MLflow's start workers of their own.
      process.kill(-child.pid, 'SIGKILL');
    });
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${script} stopped: ${output}`);
    const answered = await fetch(`http://127.0.0.1:${port}${path}`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return { url: `http://127.0.0.1:${port}`, stop };
    if (Date.now() > until) {
      await stop();
      throw new Error(`${script} did not answer within ${START_TIMEOUT_MS / 1_000} s: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
