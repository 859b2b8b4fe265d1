import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const MODELS = 200;
const RESTARTS = IS_LONG ? 20 : 3;
const OWNED = { owner: 'team-risk', tags: ['gold', 'payments'] };

let directory: string;
let port: number;
let service: ServiceProcess;
const start = (): void => {
  service = startServiceProcess(directory, port, {
    api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate'], key: KEY }],
    logging: { level: 'silent' },
  });
};
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-restoring-'));
  port = await freePort();
  start();
  await service.ready();
  for (let i = 0; i < MODELS; i += 1)
    expect((await call('POST', '/api/v1/models', { id: `m${i}`, name: `Model ${i}`, ...OWNED })).status).toBe(201);
  for (let i = 0; i < MODELS; i += 2)
    expect((await call('POST', `/api/v1/models/m${i}/pause`)).status).toBeLessThan(300);
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json().catch(() => null) };
}
const listed = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      owner: z.string().nullable(),
      tags: z.array(z.string()),
      state: z.string(),
      total_samples: z.number(),
    }),
  ),
});

it(`overwrites no stored model by calls that make one, from the first moment after ${RESTARTS} kills`, async () => {
  const counted = new Map<string, number>();
  let early = 0;
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    service.child.kill('SIGKILL');
    await service.exited;
    start();
    let isReady = false;
    const ready = service.ready().then(() => (isReady = true));
    const sender = async (from: number): Promise<void> => {
      for (let i = from; !isReady; i = (i + 7) % MODELS) {
        const id = `m${i}`;
        const prediction = { model_id: id, prediction: 'yes', confidence: 0.9, features: { age: 30 } };
        const answered = await call('POST', '/monitoring/prediction', prediction).catch(() => null);
        const registered = await call('POST', '/api/v1/models', { id, owner: 'mallory', tags: [] }).catch(() => null);
        if (answered === null || registered === null) continue;
        early += 1;
        expect([200, 503]).toContain(answered.status);
        expect([409, 503]).toContain(registered.status);
        if (answered.status === 200) counted.set(id, (counted.get(id) ?? 0) + 1);
      }
    };
    await Promise.all([ready, ...Array.from({ length: 8 }, (_, i) => sender(i * 11))]);
  }
  const { models } = listed.parse((await call('GET', '/api/v1/models')).body);
  expect(models.map(({ id }) => id).sort()).toEqual(Array.from({ length: MODELS }, (_, i) => `m${i}`).sort());
  for (const { id, name, owner, tags, state, total_samples } of models) {
    const number = Number(id.slice(1));
    expect({ id, name, owner, tags }).toEqual({ id, name: `Model ${number}`, ...OWNED });
    expect([id, state === 'paused']).toEqual([id, number % 2 === 0]);
    // An answer may have been lost with the connection, never a row that was acknowledged.
    expect(total_samples, id).toBeGreaterThanOrEqual(counted.get(id) ?? 0);
  }
  figure(`${RESTARTS} restarts of ${MODELS} models, ${early} calls while they were restored: none was overwritten`);
  expect(early).toBeGreaterThan(RESTARTS);
}, 600_000);
