import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

/**
 * Field cases of kind H, after a restart: the service is killed by −9 and started again on the same data. Number 31 is that of
 * the collected case; the others are of the same kind.
 */
const MODELS = 60;
const WITH_INCIDENT = 19;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const SETTINGS = { api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate', 'admin'], key: KEY }] };

let directory: string;
let port: number;
let service: ServiceProcess;
interface Answered {
  readonly status: number;
  readonly body: unknown;
}
interface Asked extends Answered {
  readonly text: string;
}

async function ask(method: string, path: string, body?: unknown, key = KEY): Promise<Asked> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : null, text };
}
const model = (id: string): Promise<Asked> => ask('GET', `/api/v1/models/${id}`);
const openIncidents = (text: string): number => (text.match(/^mlfi_incidents_open\{[^\n]* 1$/gm) ?? []).length;
const modelsIn = (text: string): number =>
  new Set([...text.matchAll(/model_name="([^"]*)"/g)].map(([, name]) => name)).size;

const rows = (count: number, from = 0): object[] =>
  Array.from({ length: count }, (_, i) => ({
    prediction_id: `p${from + i}`,
    features: { age: 20 + ((i * 7) % 50), country: i % 3 === 0 ? 'DE' : 'FR' },
    prediction: i % 2 === 0 ? 'yes' : 'no',
    confidence: 0.7,
  }));
/** What each answer was before, by name. */
const before = new Map<string, unknown>();
const pick = (body: unknown, ...names: readonly string[]): unknown =>
  names.map((name) => (body as Readonly<Record<string, unknown>>)[name]);
let keyBefore = '';
const met: { readonly ready: number; readonly status: number; readonly open: number; readonly models: number }[] = [];

/** Things that a restart must not change, each asked for before and after. */
const KEPT: readonly (readonly [name: string, ask: () => Promise<unknown>])[] = [
  ['the calls counted', async () => pick((await model('logged')).body, 'total_samples')],
  ['how far a baseline is learnt', async () => pick((await model('logged')).body, 'baseline')],
  ['which incident is open', async () => pick((await model('bad-0')).body, 'incident_id', 'state')],
  ['that a model is paused', async () => pick((await model('paused')).body, 'state', 'enabled')],
  ['that a model was removed', async () => (await model('removed')).status],
  [
    'the list of models',
    async () =>
      ((await ask('GET', '/api/v1/models')).body as { models: { id: string }[] }).models.map(({ id }) => id).sort(),
  ],
  ['a key made since', async () => (await ask('GET', '/api/v1/models', undefined, keyBefore)).status],
  ['that the audit log is whole', async () => pick((await ask('GET', '/api/v1/audit/verify')).body, 'kind')],
  [
    'what a batch id was answered',
    async () =>
      pick(
        (await ask('POST', '/api/v1/models/logged/observations?batch_id=b1', rows(50))).body,
        'accepted',
        'labels_matched',
      ),
  ],
  [
    'that another body under its id is refused',
    async () => (await ask('POST', '/api/v1/models/logged/observations?batch_id=b1', rows(51))).status,
  ],
];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-restored-'));
  port = await freePort();
  service = startServiceProcess(directory, port, SETTINGS);
  await service.ready();
  for (const id of ['logged', 'paused', 'removed']) await ask('POST', '/api/v1/models', { id });
  for (let i = 3; i < MODELS; i += 1) {
    const id = i < 3 + WITH_INCIDENT ? `bad-${i - 3}` : `m-${i}`;
    expect((await ask('POST', '/api/v1/models', { id })).status).toBeLessThan(300);
    // Rows that are all refused open an incident.
    if (id.startsWith('bad'))
      await ask(
        'POST',
        `/api/v1/models/${id}/observations`,
        Array.from({ length: 60 }, () => ({ nothing: 1 })),
      );
  }
  expect((await ask('POST', '/api/v1/models/logged/observations?batch_id=b1', rows(50))).status).toBe(200);
  await ask('POST', '/api/v1/models/logged/labels', [{ prediction_id: 'p900', label: 'yes' }]);
  expect((await ask('POST', '/api/v1/models/paused/pause')).status).toBe(200);
  expect((await ask('DELETE', '/api/v1/models/removed')).status).toBeLessThan(300);
  const made = await ask('POST', '/api/v1/keys', { name: 'later', scopes: ['read'] });
  keyBefore = String((made.body as { key?: unknown }).key);
  await eventually('open incidents', 60_000, async () =>
    openIncidents((await ask('GET', '/metrics/models')).text) === WITH_INCIDENT ? true : null,
  );
  await eventually('the rows judged', 60_000, async () =>
    JSON.stringify(pick((await model('logged')).body, 'baseline')).includes('"samples":50') ? true : null,
  );
  for (const [name, asked] of KEPT) before.set(name, await asked());
  service.child.kill('SIGKILL');
  await service.exited;
  service = startServiceProcess(directory, port, SETTINGS);
  for (let isReady = false; !isReady;) {
    const first = await ask('GET', '/-/ready').catch(() => null);
    const metrics = await ask('GET', '/metrics/models').catch(() => null);
    isReady = first?.status === 200;
    if (service.child.exitCode !== null) throw new Error(service.said());
    if (metrics === null) await sleep(20);
    else
      met.push({
        ready: first?.status ?? 0,
        status: metrics.status,
        open: openIncidents(metrics.text),
        models: modelsIn(metrics.text),
      });
  }
}, 180_000);
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

it('31 shows the metrics of all models or none, and is ready no sooner: no alert resolves for a moment', () => {
  expect(met.at(-1)?.ready).toBe(200);
  for (const { ready, status, open, models } of met) {
    expect([200, 503]).toContain(status);
    if (ready === 200) expect(status).toBe(200);
    if (status === 200) expect({ open, models }).toEqual({ open: WITH_INCIDENT, models: MODELS - 1 });
  }
});

describe('H a kill changes nothing of what was answered:', () => {
  it.each(KEPT)('%s', async (name, asked) => {
    expect(await asked()).toEqual(before.get(name));
  });

  it('a label that came before its prediction finds it after the restart', async () => {
    await ask('POST', '/api/v1/models/logged/observations', rows(1, 900));
    const { body } = await ask('POST', '/api/v1/models/logged/labels', [{ prediction_id: 'p900', label: 'yes' }]);
    // It has its label: another waits for nothing.
    expect(body).toMatchObject({ labels_matched: 0, labels_waiting: 0 });
  });

  it('a label of a prediction from before finds it', async () => {
    const { body } = await ask('POST', '/api/v1/models/logged/labels', [{ prediction_id: 'p7', label: 'yes' }]);
    expect(body).toMatchObject({ labels_matched: 1, labels_unmatched: 0 });
  });
});
