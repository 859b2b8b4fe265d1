import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startServerProcess, type ServerProcess } from './server-process.js';

/** The interpreter with the model servers, made by `npm test`; null when there is none. */
export const PYTHON = process.env.MLFI_PYTHON ?? null;

/** On CI the real servers must be there; elsewhere their tests are skipped, visibly. */
export const MAY_SKIP = process.env.CI !== 'true';

export type PythonServer = ServerProcess;

const START_TIMEOUT_MS = 120_000;

/** Starts `test/integration/servers/<script>` on a free loopback port and waits until `path` answers. */
export async function startPython(script: string, path: string): Promise<PythonServer> {
  if (PYTHON === null) throw new Error('MLFI_PYTHON is not set; run `npm test -- servers` first');
  const port = await freePort();
  return startServerProcess({
    command: PYTHON,
    args: [join(import.meta.dirname, script), String(port)],
    url: `http://127.0.0.1:${port}`,
    readyPath: path,
    timeoutMs: START_TIMEOUT_MS,
    stopWith: 'SIGKILL',
  });
}
