import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

/** Somebody else writes into the store and does not end: every write is refused, whatever was read before is there. */
const HOLDER = `
const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
db.exec('PRAGMA busy_timeout=30000; BEGIN IMMEDIATE');
process.stdout.write('held');
process.stdin.resume().on('end', () => process.exit());`;

let running: RunningService;
let incident: string;
beforeAll(async () => {
  running = await runService({
    baseline: { minimum_samples: 300, minimum_duration: '0s' },
    detection: { silence: '1d' },
    logging: { level: 'silent' },
  });
  for (const id of ['shop', 'other']) expect((await call('POST', '/api/v1/models', { id })).status).toBe(201);
  incident = await changedModel();
}, 120_000);
afterAll(() => running.close());

const FOR_PEOPLE = new Set(['/api/v1/feedback', '/api/v1/learning/reset']);
/** What is learnt from incidents is for people to say; everything else a machine may ask for. */
const call = (method: string, path: string, body?: unknown) =>
  running.request(method, path, body, ...(FOR_PEOPLE.has(path) && method === 'POST' ? [TOKENS.ada] : []));

interface View {
  readonly incident_id: string | null;
  readonly baseline: { readonly state: string; readonly version?: number; readonly frozen?: boolean };
  readonly evidence: { readonly verdict: string };
}
const view = async (id: string): Promise<View> => (await call('GET', `/api/v1/models/${id}`)).body as View;

/** A model that is watched, and has changed. @returns its incident */
async function changedModel(): Promise<string> {
  const random = seededRandom('away');
  const startMs = Date.now() - 1_800_000;
  let sent = 0;
  const send = async (mobileShare: number, count: number): Promise<void> => {
    const lines = Array.from({ length: count }, () => ({
      timestamp: new Date(startMs + 1_000 * (sent += 1)).toISOString(),
      prediction_id: `p${sent}`,
      features: { channel: random.next() < mobileShare ? 'mobile' : 'web', basket: random.next() },
      prediction: random.next() < 0.4 ? 'buy' : 'leave',
      confidence: 0.85 + 0.1 * random.next(),
    }));
    expect((await call('POST', '/api/v1/models/shop/observations', lines)).status).toBe(200);
  };
  for (let i = 0; i < 8; i += 1) await send(0.1, 100);
  await eventually('a baseline', 30_000, async () => ((await view('shop')).baseline.state === 'ready' ? true : null));
  for (let i = 0; i < 7; i += 1) await send(0.9, 100);
  return eventually('an incident', 30_000, async () => {
    const now = await view('shop');
    return now.evidence.verdict === 'alarm' ? now.incident_id : null;
  });
}

async function holdStore(): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['-e', HOLDER, join(running.directory, 'mlfi.sqlite')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await exited;
  };
}

async function audited(kind: string): Promise<number> {
  const { body } = await call('GET', '/api/v1/audit?limit=500');
  return (body as { entries: { body: { kind: string } }[] }).entries.filter((entry) => entry.body.kind === kind).length;
}

interface Asked {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body: () => object;
  readonly kind: string;
}
const post = (what: string, path: string, body: () => object): Omit<Asked, 'kind'> => ({
  what,
  method: 'POST',
  path,
  body,
});
const SHOP = '/api/v1/models/shop';
// Accepting comes last: there is nothing to accept once it was.
const CHANGES: readonly Asked[] = [
  { ...post('a change', `${SHOP}/changes`, () => ({ kind: 'deployment', text: 'v8' })), kind: 'change-recorded' },
  {
    what: 'a PATCH',
    method: 'PATCH',
    path: SHOP,
    body: () => ({ payloads: [{ channel: 'web' }] }),
    kind: 'model-changed',
  },
  { ...post('freezing', `${SHOP}/baseline/freeze`, () => ({ frozen: true })), kind: 'baseline-frozen' },
  {
    ...post('feedback', '/api/v1/feedback', () => ({ incident_id: incident, useful: true, reason: 'it was so' })),
    kind: 'alert-feedback',
  },
  { ...post('forgetting', '/api/v1/learning/reset', () => ({ reason: 'anew' })), kind: 'learning-reset' },
  {
    ...post('a validation', `${SHOP}/validations`, () => ({ candidate_url: 'http://127.0.0.1:9/' })),
    kind: 'validation-started',
  },
  { ...post('a reset', '/api/v1/models/other/baseline/reset', () => ({ reason: 'anew' })), kind: 'baseline-reset' },
  { ...post('accepting', `${SHOP}/baseline/accept`, () => ({ reason: 'new app' })), kind: 'baseline-accepted' },
];

/** What the changes change, as it is told. */
async function told(): Promise<unknown> {
  const [shop, other, feedback, validations, learning] = await Promise.all([
    view('shop'),
    view('other'),
    call('GET', `/api/v1/incidents/${incident}/feedback`),
    call('GET', `${SHOP}/validations`),
    call('GET', '/api/v1/learning'),
  ]);
  return {
    baselines: [shop.baseline, other.baseline],
    feedback: feedback.body,
    validations: validations.body,
    learntSince: (learning.body as { since_ms: number | null }).since_ms,
  };
}

it('changes nothing while the store takes no writes, says so, and changes it once when asked again', async () => {
  const before = await told();
  const release = await holdStore();
  const refused = await Promise.all(CHANGES.map(({ method, path, body }) => call(method, path, body()))).finally(
    release,
  );
  for (const [i, { what }] of CHANGES.entries()) {
    expect([what, refused[i]?.status]).toEqual([what, 503]);
    expect(JSON.stringify(refused[i]?.body)).not.toContain('holds from now on');
  }
  expect(await told()).toEqual(before);
  for (const { what, method, path, body, kind } of CHANGES) {
    expect([what, await audited(kind)]).toEqual([what, 0]);
    const { status } = await call(method, path, body());
    expect([what, status < 300 ? 'taken' : status]).toEqual([what, 'taken']);
    expect([what, await audited(kind)]).toEqual([what, 1]);
  }
  expect(await told()).toMatchObject({
    baselines: [{ version: 2 }, expect.anything()],
    feedback: { feedback: [{ useful: true }] },
    validations: { validations: [{ candidate_url: 'http://127.0.0.1:9/' }] },
    learntSince: expect.any(Number) as number,
  });
}, 300_000);
