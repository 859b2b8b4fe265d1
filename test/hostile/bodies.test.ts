import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NDJSON, ordinary, SHAPES } from '../fixtures/adversarial-bodies.js';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
/** A byte of a body may cost this many times one of an ordinary batch. */
const MOST = 5;

/** Rows of the future would be refused, and so cost next to nothing. */
const TODAY = ordinary.replaceAll('2026-11-28T11:00:00.000Z', new Date(Date.now() - 3_600_000).toISOString());

let directory: string;
let service: ServiceProcess;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-bodies-'));
  service = startServiceProcess(directory, await freePort(), {
    api_keys: [{ name: 'sender', scopes: ['read', 'ingest', 'operate'], key: KEY }],
    windows: { evaluate_every: '200ms' },
    logging: { level: 'silent' },
  });
  await service.ready();
  await register('target');
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function register(id: string): Promise<void> {
  const response = await fetch(`${service.address}/api/v1/models`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id }),
  });
  expect(response.status).toBe(201);
}

async function send(
  body: string | Buffer<ArrayBuffer>,
  type: string,
  encoding?: string,
  model = 'target',
): Promise<number> {
  const response = await fetch(`${service.address}/api/v1/models/${model}/observations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': type,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

async function metric(name: string): Promise<number> {
  const page = await fetch(`${service.address}/metrics`, { headers: { authorization: `Bearer ${KEY}` } });
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(await page.text())?.[1]);
}

/** Waits until what was sent has been judged, too. @returns seconds of processor time so far */
async function untilIdle(): Promise<number> {
  for (let last = await metric('process_cpu_seconds_total'), rounds = 0; ; rounds += 1) {
    await sleep(400);
    const now = await metric('process_cpu_seconds_total');
    if (now - last < 0.04 || rounds > 60) return now;
    last = now;
  }
}

let models = 0;
/**
 * Processor time of the whole service, in microseconds: three batches of a model of its own parsed, counted, stored,
 * answered, and what it is evaluated meanwhile. The model goes afterwards, so that none pays for the ones before.
 */
async function costOf(body: string, type: string): Promise<number> {
  const model = `cost-${(models += 1)}`;
  await register(model);
  const before = await metric('process_cpu_seconds_total');
  for (let k = 0; k < 3; k += 1) expect(await send(body, type, undefined, model)).toBeLessThan(500);
  const spent = ((await untilIdle()) - before) * 1e6;
  const gone = await fetch(`${service.address}/api/v1/models/${model}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${KEY}` },
  });
  expect(gone.ok).toBe(true);
  return spent;
}

it('costs at most five times an ordinary byte, whatever a sender makes of it', async () => {
  for (let warm = 0; warm < 6; warm += 1) expect(await send(TODAY, NDJSON)).toBe(200);
  const usual = Math.min(...[await costOf(TODAY, NDJSON), await costOf(TODAY, NDJSON), await costOf(TODAY, NDJSON)]);
  const perByte = usual / Buffer.byteLength(TODAY);
  const dear: string[] = [];
  let worst = { name: 'none', ratio: 0 };
  for (const [name, [body, type]] of Object.entries(SHAPES)) {
    const usualOfShape = perByte * Buffer.byteLength(body);
    let ratio = Infinity;
    for (let attempt = 0; attempt < (IS_LONG ? 8 : 5) && ratio >= MOST; attempt += 1)
      ratio = Math.min(ratio, (await costOf(body, type)) / usualOfShape);
    if (ratio > worst.ratio) worst = { name, ratio };
    if (ratio >= MOST) dear.push(`${name}: ${ratio.toFixed(1)}`);
  }
  figure(
    `${Object.keys(SHAPES).length} shapes over HTTP; an ordinary byte costs ${(perByte / 3).toFixed(3)} µs, the dearest ${worst.ratio.toFixed(1)} times that (${worst.name})`,
  );
  expect(dear).toEqual([]);
});

it('refuses a gzip bomb at the limit of the body, and holds no more than that of it', async () => {
  const before = await metric('process_resident_memory_bytes');
  const bomb = gzipSync(Buffer.alloc(1_000_000_000, ' '), { level: 9 });
  for (let i = 0; i < 5; i += 1) expect(await send(bomb, 'application/json', 'gzip')).toBe(413);
  const grown = ((await metric('process_resident_memory_bytes')) - before) / 1e6;
  figure(
    `five bombs of ${(bomb.length / 1e3).toFixed(0)} kB that unpack to 1 GB: ${grown.toFixed(0)} MB more resident memory`,
  );
  expect(grown).toBeLessThan(300);
});

it('answers broken, cut and nested bodies as the sender’s fault, and goes on', async () => {
  const deep = `[{"prediction":"a","features":{"x":${'['.repeat(3_000)}${']'.repeat(3_000)}}}]`;
  const packed = gzipSync(ordinary);
  const answers = {
    'nested 3,000 deep': await send(deep, 'application/json'),
    'gzip that is none': await send(Buffer.from('no gzip'), NDJSON, 'gzip'),
    'gzip cut short': await send(packed.subarray(0, packed.length / 2), NDJSON, 'gzip'),
    'another encoding': await send(packed, NDJSON, 'br'),
    'no UTF-8': await send(Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'application/json'),
    empty: await send('', 'application/json'),
  };
  figure(JSON.stringify(answers));
  expect(answers).toEqual({
    'nested 3,000 deep': 400,
    'gzip that is none': 400,
    'gzip cut short': 400,
    'another encoding': 415,
    'no UTF-8': 400,
    empty: 400,
  });
  expect(await send('{"prediction":"yes"}', NDJSON)).toBe(200);
  const unknown = await fetch(`${service.address}/sd/models?module=unknown`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  expect(unknown.status).toBe(400);
});
