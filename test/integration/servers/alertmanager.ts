import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startServerProcess, type ServerProcess } from './server-process.js';

const PROGRAM = 'prometheus-alertmanager';
export const alertmanagerExists = spawnSync('sh', ['-c', `command -v ${PROGRAM}`]).status === 0;

/** A real Alertmanager with an empty configuration, on loopback. */
export async function startAlertmanager(): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await startServerProcess({
    command: PROGRAM,
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=',
    ],
    url,
    readyPath: '/-/ready',
    timeoutMs: 20_000,
    stopWith: 'SIGTERM',
  });
  return {
    url,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
