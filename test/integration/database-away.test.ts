import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess } from './service-process.js';

let postgres: Postgres;
let running: RunningService;
beforeAll(async () => {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('this test needs PostgreSQL (apt-get install postgresql)');
  postgres = await startPostgres(binaries);
  running = await runService({ database: { url: postgres.freshDatabase() }, logging: { level: 'silent' } });
}, 180_000);
afterAll(async () => {
  await running.close();
  postgres.stop();
});

const call = async (
  method: string,
  path: string,
  body?: string,
  bearer = running.key,
): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> => {
  const response = await fetch(`${running.service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
};
const events = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, i) => ({ prediction: 'yes', confidence: 0.5 + i / 1_000 })));
const send = (batch: string) => call('POST', `/api/v1/models/away/observations?batch_id=${batch}`, events(10));
const samples = async (): Promise<number> =>
  (JSON.parse((await call('GET', '/api/v1/models/away')).text) as { total_samples: number }).total_samples;

it('goes on without its database as far as it can, says so, and recovers by itself', async () => {
  expect((await call('POST', '/api/v1/models', JSON.stringify({ id: 'away' }))).status).toBe(201);
  expect((await send('before')).status).toBe(200);
  expect((await call('GET', '/metrics')).text).toMatch(/^mlfi_ready 1$/m);

  postgres.kill();

  expect(await call('GET', '/-/healthy')).toMatchObject({ status: 200 });
  expect(await call('GET', '/-/ready')).toMatchObject({
    status: 503,
    retryAfter: expect.stringMatching(/^\d+$/) as string,
  });
  const page = await call('GET', '/metrics');
  expect(page.status).toBe(200);
  expect(page.text).toMatch(/^mlfi_store_up 0$/m);
  expect(page.text).toMatch(/^mlfi_ready 0$/m);
  expect(page.text).toMatch(/^process_cpu_seconds_total /m);
  expect((await call('GET', '/metrics/models')).text).toMatch(/^mlfi_model_info\{model_name="away"/m);
  expect((await call('GET', '/api/v1/models')).status).toBe(200);
  expect(await samples()).toBe(10);

  for (const answer of await Promise.all(['lost-1', 'lost-2', 'lost-3', 'before'].map(send)))
    expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) as string });
  expect(await call('POST', '/api/v1/models', JSON.stringify({ id: 'another' }))).toMatchObject({ status: 503 });
  // A key nobody remembers cannot be told from a wrong one now.
  expect((await call('GET', '/api/v1/models', undefined, `mlfi_BBBBBBBBBBBB_${'B'.repeat(43)}`)).status).toBe(503);

  const failed: unknown[] = [];
  for (const { method, path } of ROUTES.filter(
    (route) => route.path !== '/api/v1/events' && route.path !== '/-/reload',
  )) {
    for (const bearer of [running.key, TOKENS.ada]) {
      const { status, retryAfter } = await call(
        method,
        path.replace(/:[a-z_]+/gi, 'away'),
        method === 'GET' ? undefined : '{}',
        bearer,
      );
      if (status === 500 || (status === 503 && retryAfter === null)) failed.push([method, path, status, retryAfter]);
    }
  }
  expect(failed).toEqual([]);

  postgres.startAgain();
  await eventually('readiness', 30_000, async () => ((await call('GET', '/-/ready')).status === 200 ? true : null));
  for (const batch of ['lost-1', 'lost-2', 'lost-3', 'before'])
    expect(await send(batch)).toMatchObject({ status: 200 });
  expect(await samples()).toBe(40);
  expect((await call('GET', '/metrics')).text).toMatch(/^mlfi_ready 1$/m);
});

it('does not start without its database, says what to check, and keeps the password to itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-away-'));
  const service = startServiceProcess(directory, await freePort(), {
    database: { url: `postgresql://mlfi:s3cret-word@127.0.0.1:${await freePort()}/none` },
  });
  expect(await service.exited).toBe(1);
  expect(service.said()).toMatch(/mlfi cannot start: .*PostgreSQL.*check database\.url/);
  expect(service.said()).not.toMatch(/s3cret-word|\n\s+at /);
  rmSync(directory, { recursive: true, force: true });
});

it.each(['while it runs', 'at the same moment'])(
  'stops with an error, and no uncaught one, when its database died %s',
  async (when) => {
    const directory = mkdtempSync(join(tmpdir(), 'mlfi-away-'));
    const service = startServiceProcess(directory, await freePort(), {
      database: { url: postgres.freshDatabase() },
      windows: { evaluate_every: '100ms' },
      models: [{ id: 'one', url: 'http://127.0.0.1:9/predict' }, { id: 'two' }],
    });
    await service.ready();
    postgres.kill();
    if (when === 'while it runs') await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(service.child.exitCode).toBeNull();
    service.child.kill('SIGTERM');
    const code = await service.exited;
    postgres.startAgain();
    // A connection that the dying server took and never answers is waited for until the stop is overdue.
    expect([code, service.said()]).toEqual([
      1,
      expect.stringMatching(/not everything could be closed|did not stop within 25 s/),
    ]);
    expect(service.said()).not.toMatch(/unhandled|uncaught|triggerUncaughtException|Node\.js v/i);
    rmSync(directory, { recursive: true, force: true });
  },
);
