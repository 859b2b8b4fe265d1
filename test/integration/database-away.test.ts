import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess } from './service-process.js';

let postgres: Postgres;
let url: string;
let running: RunningService;
beforeAll(async () => {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('this test needs PostgreSQL (apt-get install postgresql)');
  postgres = await startPostgres(binaries);
  url = postgres.freshDatabase();
  running = await runService({ database: { url }, logging: { level: 'silent' } });
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
const send = (batch: string, model = 'away') =>
  call('POST', `/api/v1/models/${model}/observations?batch_id=${batch}`, events(10));
const isReadyAgain = (): Promise<true> =>
  eventually('readiness', 10_000, async () => ((await call('GET', '/-/ready')).status === 200 ? true : null));
const samples = async (model = 'away'): Promise<number> =>
  (JSON.parse((await call('GET', `/api/v1/models/${model}`)).text) as { total_samples: number }).total_samples;

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

  for (const answer of await Promise.all(['lost-1', 'lost-2', 'lost-3', 'before'].map((batch) => send(batch))))
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

const timed = async <T>(work: Promise<T>): Promise<readonly [T, number]> => {
  const from = performance.now();
  return [await work, (performance.now() - from) / 1_000];
};

it('keeps nobody waiting for a database that stands still, and loses and doubles nothing', async () => {
  const before = await samples();
  postgres.pause();
  try {
    const early = Array.from({ length: 4 }, (_, i) => timed(send(`still-${i}`)));
    for (const path of ['/-/healthy', '/-/ready', '/metrics', '/api/v1/models/away'])
      expect((await timed(call('GET', path)))[1], path).toBeLessThan(3);
    // One commit may be under way, and has to find out first whether it happened.
    const soon = early.map((one) => one.then(([{ status }, seconds]) => status === 503 && seconds < 8));
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const late = await timed(Promise.all([send('late'), call('POST', '/api/v1/models', '{"id":"another"}')]));
    expect([late[0].map(({ status }) => status), late[1] < 3]).toEqual([[503, 503], true]);
    for (const path of ['/-/healthy', '/-/ready', '/metrics', '/metrics/models', '/api/v1/models/away'])
      expect((await timed(call('GET', path)))[1], path).toBeLessThan(2);
    expect(await call('GET', '/-/ready')).toMatchObject({
      status: 503,
      text: expect.stringContaining('the database does not answer') as string,
    });
    expect((await call('GET', '/metrics')).text).toMatch(/^mlfi_store_up 0$/m);
    postgres.resume();
    expect(await Promise.all(soon)).toEqual([true, true, true, true]);
  } finally {
    postgres.resume();
  }
  await eventually('readiness', 30_000, async () => ((await call('GET', '/-/ready')).status === 200 ? true : null));
  for (const batch of ['still-0', 'still-1', 'still-2', 'still-3', 'late'])
    expect(await send(batch)).toMatchObject({ status: 200 });
  expect(await samples()).toBe(before + 50);
}, 60_000);

it('says so when another session has locked what it writes', async () => {
  await eventually('readiness', 30_000, async () => ((await call('GET', '/-/ready')).status === 200 ? true : null));
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  await sql.query('begin; lock table batch, window_profile');
  const [first, seconds] = await timed(send('locked'));
  expect([first.status, first.text, seconds < 6]).toEqual([
    503,
    expect.stringContaining('another session of the database has locked what is to be written'),
    true,
  ]);
  expect(await call('GET', '/-/ready')).toMatchObject({
    status: 503,
    text: expect.stringContaining('locked') as string,
  });
  expect((await call('GET', '/metrics')).text).toMatch(/^mlfi_store_up 0$/m);
  const [again, secondsAgain] = await timed(send('locked'));
  expect([again.status, secondsAgain < 2]).toEqual([503, true]);
  await sql.query('rollback');
  await sql.end();
  await isReadyAgain();
  expect(await send('locked')).toMatchObject({ status: 200 });
}, 30_000);

it('refuses the rows of a model that another session has locked, and keeps the others waiting once and not long', async () => {
  for (const id of ['a', 'b', 'c']) {
    await call('POST', '/api/v1/models', JSON.stringify({ id }));
    expect(await send('before', id)).toMatchObject({ status: 200 });
  }
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  await sql.query("begin; select model from call_counters where model = 'b' for update");
  const round = (batch: string) => Promise.all(['a', 'b', 'c'].map((id) => timed(send(batch, id))));
  const statuses = (answers: Awaited<ReturnType<typeof round>>) => answers.map(([{ status }]) => status);
  const first = await round('first');
  expect([statuses(first), Math.max(...first.map(([, seconds]) => seconds)) < 6]).toEqual([[200, 503, 200], true]);
  expect(first[1]?.[0].text).toMatch(/model \\"b\\" cannot be stored now .*another session .* has locked/);
  for (const batch of ['second', 'third']) {
    const [a, b, c] = await round(batch);
    expect([a?.[0].status, b?.[0].status, c?.[0].status]).toEqual([200, 503, 200]);
    expect([a, b, c].map((one) => (one?.[1] ?? Infinity) < 1.5)).toEqual([true, true, true]);
  }
  expect((await call('GET', '/-/ready')).status).toBe(200);
  expect((await call('GET', '/metrics')).text).toMatch(/^mlfi_store_up 1$/m);
  const pages = (await call('GET', '/metrics/models')).text;
  for (const [id, unwritten] of Object.entries({ a: 0, b: 1, c: 0 }))
    expect(pages).toMatch(new RegExp(`^mlfi_model_unwritten\\{.*model_name="${id}".*\\} ${unwritten}$`, 'm'));
  await sql.query('rollback');
  await sql.end();
  for (const batch of ['first', 'second', 'third']) expect(await send(batch, 'b')).toMatchObject({ status: 200 });
  expect(await Promise.all(['a', 'b', 'c'].map((id) => samples(id)))).toEqual([40, 40, 40]);
  expect((await call('GET', '/metrics/models')).text).toMatch(/^mlfi_model_unwritten\{.*model_name="b".*\} 0$/m);
}, 60_000);

it('does not start without its database, says what to check, and keeps the password to itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-away-'));
  const service = startServiceProcess(directory, await freePort(), {
    database: { url: `postgresql://mlfi:s3cret-word@127.0.0.1:${await freePort()}/none` },
  });
  expect(await service.exited).toBe(1);
  expect(service.said()).toMatch(/mlfi cannot start: the PostgreSQL .* nothing listens there; .*database\.url/);
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
    await isReadyAgain();
    // A connection that the dying server took and never answers is waited for until the stop is overdue.
    expect([code, service.said()]).toEqual([
      1,
      expect.stringMatching(/not everything could be closed|did not stop within 25 s/),
    ]);
    expect(service.said()).not.toMatch(/unhandled|uncaught|triggerUncaughtException|Node\.js v/i);
    rmSync(directory, { recursive: true, force: true });
  },
);
