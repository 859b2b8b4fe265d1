import { appendFileSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { freePort } from './servers/free-port.js';

it('counts each row of files that grow once, though mlfi is killed twice while it reads', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-log-files-'));
  const logs = join(directory, 'logs');
  mkdirSync(logs);
  const key = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
  const settings = {
    models: [{ id: 'fraud' }],
    api_keys: [{ name: 'reader', scopes: ['read'], key }],
    log_files: [{ directory: logs, model: 'fraud' }],
  };
  const port = await freePort();
  const start = async (): Promise<ServiceProcess> => {
    const started = startServiceProcess(directory, port, settings);
    await started.ready();
    return started;
  };
  const kill = async ({ child, exited }: ServiceProcess): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const total = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/models/fraud`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return z.object({ total_samples: z.number() }).parse(await answer.json()).total_samples;
  };
  let written = 0;
  const write = (rows: number): void => {
    const lines = Array.from({ length: rows }, (_, i) => `${written + i},${i % 90},DE,${i % 3 ? 'no' : 'yes'}\n`);
    if (written === 0) lines.unshift('prediction_id,age,country,prediction\n');
    appendFileSync(join(logs, 'fraud.csv'), lines.join(''));
    written += rows;
  };
  write(60_000);
  let service = await start();
  try {
    for (const seen of [1, 70_000]) {
      await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(seen);
      write(60_000);
      await kill(service);
      service = await start();
    }
    await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(written);
    expect(await total()).toBe(written);
  } finally {
    await kill(service);
    rmSync(directory, { recursive: true, force: true });
  }
});
