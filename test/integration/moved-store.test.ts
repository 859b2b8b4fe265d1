import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { freePort } from './servers/free-port.js';

const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;

let directory: string;
let port: number;
let service: ServiceProcess;
const started = (): ServiceProcess =>
  startServiceProcess(directory, port, {
    api_keys: [{ name: 'test', key: KEY, scopes: ['read', 'ingest', 'operate'] }],
  });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-moved-'));
  port = await freePort();
  service = started();
  await service.ready();
});
afterEach(async () => {
  if (service.child.exitCode === null) service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
const rows = (many: number): object[] => Array.from({ length: many }, (_, i) => ({ prediction: `p${i % 3}` }));

it('takes nothing into a store whose file was moved away, does not end as if all were well, and loses nothing', async () => {
  const file = join(directory, 'mlfi.sqlite');
  expect((await ask('POST', '/api/v1/models', { id: 'fraud' })).status).toBe(201);
  expect((await ask('POST', '/api/v1/models/fraud/observations', rows(40))).status).toBe(200);
  renameSync(file, `${file}.away`);
  for (const [path, body] of [
    ['/api/v1/models/fraud/observations', rows(40)],
    ['/api/v1/models', { id: 'later' }],
  ] as const) {
    const { status, text } = await ask('POST', path, body);
    expect([status, text], path).toEqual([503, expect.stringContaining('its file was moved or replaced')]);
  }
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(1);
  expect(service.said()).toContain(`${file} was moved or replaced while mlfi ran`);

  service = started();
  expect(await service.exited).toBe(1);
  expect(service.said()).toContain(`its write-ahead log ${file}-wal is there with what was committed last`);

  renameSync(`${file}.away`, file);
  service = started();
  await service.ready();
  expect(JSON.parse((await ask('GET', '/api/v1/models/fraud')).text)).toMatchObject({ total_samples: 40 });
  expect((await ask('GET', '/api/v1/models/later')).status).toBe(404);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
}, 120_000);
