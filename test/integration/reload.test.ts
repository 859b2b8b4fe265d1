import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../exporter/src/config/load.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { countedWhileLearnt } from './counted-while-learnt.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess } from './service-process.js';
import { startService, type Service } from '../../exporter/src/service/start.js';

it('is not ended by a SIGHUP that comes while the program is still being loaded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-hang-up-'));
  const preloaded = ['--import', join(import.meta.dirname, 'early-hang-up.mjs')];
  const early = startServiceProcess(folder, await freePort(), {}, preloaded);
  try {
    await early.ready();
  } finally {
    early.child.kill('SIGKILL');
    await early.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

const directory = mkdtempSync(join(tmpdir(), 'mlfi-reload-'));
const file = join(directory, 'mlfi.yml');
const BASE = `data_dir: ${directory}\nlisten: { address: 127.0.0.1, port: 0 }\n`;
let service: Service;

beforeAll(async () => {
  writeFileSync(file, BASE);
  const loaded = loadConfig(file, {});
  if (loaded.kind === 'refused') throw new Error('the configuration of this test is wrong');
  service = await startService(loaded.config, { configurationFile: file });
});
afterAll(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

async function reload(): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${service.address}/-/reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.firstKey ?? ''}` },
  });
  return { status: response.status, body: await response.json() };
}

it('takes a changed configuration over HTTP, and says what waits for a restart', async () => {
  writeFileSync(file, `${BASE}governance: { kill_switch: true }\nlogging: { level: warn }\n`);
  expect(await reload()).toMatchObject({
    status: 200,
    body: { changed: ['governance', 'logging'], need_restart: ['logging'] },
  });
  expect(await service.application.decisions.killSwitch()).toMatchObject({ configured: true });
});

it('refuses a wrong one with place and remedy, and goes on as before', async () => {
  writeFileSync(file, `${BASE}governance: { kill_switch: perhaps }\n`);
  const { status, body } = await reload();
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toMatch(/mlfi\.yml:3:\d+: `governance\.kill_switch`/);
  expect(await service.application.decisions.killSwitch()).toMatchObject({ configured: true });
});

it('tells as many values of one feature apart as a reloaded limit says; the others count together', async () => {
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${service.address}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.firstKey ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBeLessThan(300);
  };
  const rows = Array.from({ length: 160 }, (_, i) => ({ prediction: 'yes', features: { city: `city ${i % 8}` } }));
  for (const limit of [3, 5]) {
    writeFileSync(file, `${BASE}intake: { limits: { categories_per_feature: ${limit} } }\n`);
    expect(await reload()).toMatchObject({ status: 200, body: { need_restart: [] } });
    const id = modelId(`limited-to-${limit}`);
    await post('/api/v1/models', { id });
    await post(`/api/v1/models/${id}/observations`, rows);
    const store = await openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') }, 'read');
    const learning = await store.baselines.learning(id);
    const city = learning === null ? undefined : countedWhileLearnt(learning).signals.get('feature:city');
    await store.close();
    const categories = new Map(Array.from({ length: limit }, (_, i) => [`city ${i}`, 20]));
    expect(city).toMatchObject({ categories, other: 160 - 20 * limit });
  }
});
