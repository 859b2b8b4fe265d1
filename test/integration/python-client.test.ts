import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runService } from './running-service.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { freePort } from './servers/free-port.js';
import { MAY_SKIP, PYTHON } from './servers/python-server.js';

const CLIENT = join(import.meta.dirname, '../../clients/python');
const TESTS = join(CLIENT, 'tests');
const run = promisify(execFile);
const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  PYTHONPATH: CLIENT,
  PYTHONDONTWRITEBYTECODE: '1',
  ...more,
});

describe.skipIf(PYTHON === null && MAY_SKIP)('the Python client', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-python-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('passes its own tests against a real service', async () => {
    const running = await runService();
    try {
      const made = await running.request('POST', '/api/v1/keys', { name: 'py', scopes: ['ingest', 'read', 'operate'] });
      const { key } = z.object({ key: z.string() }).parse(made.body);
      const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', TESTS];
      const said = await run(PYTHON ?? 'python3', args, {
        env: environment({ MLFI_URL: running.service.address, MLFI_KEY: key }),
      }).catch((error: unknown) => error as { stdout: string });
      expect(said.stdout).toMatch(/\d+ passed/);
      expect(said.stdout).not.toMatch(/failed|error|skipped/);
    } finally {
      await running.close();
    }
  });

  it('counts every prediction once, though mlfi is killed twice while they come', async () => {
    const rows = 12_000;
    const port = await freePort();
    const key = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
    const settings = {
      models: [{ id: 'steady' }],
      api_keys: [{ name: 'python', scopes: ['ingest', 'read'], key }],
      windows: { length: '1s', evaluate_every: '1s' },
    };
    const start = async (): Promise<ServiceProcess> => {
      const started = startServiceProcess(directory, port, settings);
      await started.ready();
      return started;
    };
    const kill = async ({ child, exited }: ServiceProcess): Promise<void> => {
      child.kill('SIGKILL');
      await exited;
    };
    let service = await start();
    try {
      const total = async (): Promise<number> => {
        const headers = { authorization: `Bearer ${key}` };
        const answer = await fetch(`${service.address}/api/v1/models/steady`, { headers });
        return z.object({ total_samples: z.number() }).parse(await answer.json()).total_samples;
      };
      const client = spawn(
        PYTHON ?? 'python3',
        [join(TESTS, 'log_steadily.py'), service.address, key, 'steady', String(rows)],
        {
          env: environment({}),
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let said = '';
      client.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = new Promise((resolve) => client.once('exit', resolve));
      for (const seen of [1_000, 4_000]) {
        await expect.poll(total, { timeout: 60_000 }).toBeGreaterThan(seen);
        await kill(service);
        service = await start();
      }
      await ended;
      expect(JSON.parse(said)).toEqual({ stored: rows, refused: 0, dropped: 0, unreadable: 0, waiting: 0 });
      expect(await total()).toBe(rows);
    } finally {
      await kill(service);
    }
  });

  it('is installed by pip, with its types', async () => {
    const target = join(directory, 'installed');
    const copy = join(directory, 'source');
    await run('cp', ['-r', CLIENT, copy]);
    await run(PYTHON ?? 'python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', target, copy]);
    const { stdout } = await run(
      PYTHON ?? 'python3',
      ['-c', 'import mlfi_client, os; print(os.listdir(os.path.dirname(mlfi_client.__file__)))'],
      { env: { ...process.env, PYTHONPATH: target } },
    );
    expect(stdout).toContain('py.typed');
  });
});
