import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../integration/servers/free-port.js';
import { eventually } from '../integration/running-service.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const ROWS = 2_000;
const MODELS = ['a', 'b', 'c'] as const;
const MAIN = join(import.meta.dirname, '../../exporter/src/main.ts');
const SMALL = '12m';
const LARGE = '80m';

const mount = (...args: readonly string[]): boolean => spawnSync('mount', args).status === 0;
const umount = (folder: string): void => void spawnSync('umount', [folder]);

/** Whether this process may give a folder a file system of its own. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-mount-'));
  const can = mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  if (can) umount(folder);
  rmSync(folder, { recursive: true });
  return can;
}

const folders: string[] = [];
const services: ServiceProcess[] = [];
/** A folder on a file system of this size. */
function diskOf(size: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-disk-'));
  folders.push(folder);
  expect(mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)).toBe(true);
  return folder;
}
afterEach(async () => {
  for (const { child, exited } of services.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  for (const folder of folders.splice(0)) {
    umount(folder);
    rmSync(folder, { recursive: true });
  }
});

function start(folder: string, port: number): ServiceProcess {
  const service = startServiceProcess(folder, port, {
    api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate'], key: KEY }],
  });
  services.push(service);
  return service;
}

async function call(
  { address }: ServiceProcess,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; retryAfter: string | null; body: unknown }> {
  const response = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  const { status, headers } = response;
  return { status, retryAfter: headers.get('retry-after'), body: await response.json().catch(() => null) };
}

const watchedModel = z.object({ total_samples: z.number() });
const refusal = z.object({ error: z.object({ message: z.string() }) });

/** Rows with ids of their own, so that the store grows by each. */
function batch(number: number): string {
  const observations = Array.from({ length: ROWS }, (_, i) => ({
    prediction_id: `batch-${number}-row-${i}`,
    features: { age: (i * 7) % 60, country: ['DE', 'FR', 'IT'][i % 3] },
    prediction: i % 3 === 0 ? 'yes' : 'no',
  }));
  return JSON.stringify(observations);
}

const samplesOf = async (service: ServiceProcess): Promise<Record<string, number>> => {
  const samples: Record<string, number> = {};
  for (const id of MODELS)
    samples[id] = watchedModel.parse((await call(service, 'GET', `/api/v1/models/${id}`)).body).total_samples;
  return samples;
};

it.skipIf(!canMount())(
  'a full disk refuses rows in words, loses none it took, and takes them once there is room',
  async () => {
    const folder = diskOf(SMALL);
    const port = await freePort();
    const service = start(folder, port);
    await service.ready();
    const sent: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (const id of MODELS)
      expect((await call(service, 'POST', '/api/v1/models', JSON.stringify({ id }))).status).toBe(201);
    const send = async (number: number): Promise<Awaited<ReturnType<typeof call>>> => {
      const model = MODELS[number % MODELS.length] ?? 'a';
      const answer = await call(
        service,
        'POST',
        `/api/v1/models/${model}/observations?batch_id=batch-${number}`,
        batch(number),
      );
      if (answer.status === 200) sent[model] = (sent[model] ?? 0) + ROWS;
      return answer;
    };
    let refused = 0;
    for (let number = 0; refused === 0; number += 1) {
      expect(number, 'batches on a disk of 12 MB').toBeLessThan(120);
      const answer = await send(number);
      if (answer.status === 200) continue;
      expect([answer.status, answer.retryAfter]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect(refusal.parse(answer.body).error.message).toMatch(/disk is full/);
      refused = number;
    }
    expect((await call(service, 'GET', '/-/healthy')).status).toBe(200);
    expect(await samplesOf(service)).toEqual(sent);
    for (const line of service.said().split('\n')) expect(line.length).toBeLessThanOrEqual(4_096);
    expect(service.said()).toContain('the disk is full');
    expect(mount('-o', `remount,size=${LARGE}`, folder)).toBe(true);
    await eventually('the refused batch is taken', 60_000, async () =>
      (await send(refused)).status === 200 ? true : null,
    );
    expect((await send(refused + 1)).status).toBe(200);
    expect(await samplesOf(service)).toEqual(sent);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    const again = start(folder, port);
    await again.ready();
    expect(await samplesOf(again)).toEqual(sent);
  },
);

it.skipIf(!canMount())(
  'a folder that cannot be written refuses a start in words, and nothing in it is lost',
  async () => {
    const folder = diskOf(LARGE);
    const port = await freePort();
    const service = start(folder, port);
    await service.ready();
    expect((await call(service, 'POST', '/api/v1/models', JSON.stringify({ id: 'a' }))).status).toBe(201);
    expect((await call(service, 'POST', '/api/v1/models/a/observations', batch(0))).status).toBe(200);
    service.child.kill('SIGKILL');
    await service.exited;
    expect(mount('-o', 'remount,ro', folder)).toBe(true);
    const refusedStart = spawnSync(
      process.execPath,
      ['--import', 'tsx', MAIN, 'serve', '--config', join(folder, 'mlfi.yml')],
      { encoding: 'utf8', timeout: 60_000 },
    );
    expect([refusedStart.status, refusedStart.stderr + refusedStart.stdout]).toEqual([
      1,
      expect.stringContaining(`${folder}/mlfi.sqlite may not be written`),
    ]);
    expect(mount('-o', 'remount,rw', folder)).toBe(true);
    const again = start(folder, port);
    await again.ready();
    expect((await call(again, 'GET', '/api/v1/models/a')).body).toMatchObject({ total_samples: ROWS });
  },
);
