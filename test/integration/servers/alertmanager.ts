import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './python-server.js';

const PROGRAM = 'prometheus-alertmanager';
export const alertmanagerExists = spawnSync('sh', ['-c', `command -v ${PROGRAM}`]).status === 0;

/** A real Alertmanager with an empty configuration, on loopback. */
export async function startAlertmanager(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    PROGRAM,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => child.on('exit', () => done()));
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (tries > 100) throw new Error('Alertmanager does not start');
    await new Promise((wait) => setTimeout(wait, 100));
  }
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
