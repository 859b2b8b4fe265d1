import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { ROOT } from '../provisioning/expressions.js';
import { freePort } from './servers/free-port.js';
import { runService, TOKENS, type RunningService } from './running-service.js';

/** What 0.1.0 last said of itself, over its own API, before it ended (test/data/store/record-fifty-models.mjs). */
const baseline = z.object({ state: z.string(), version: z.number(), samples: z.number() });
const shown = z.object({
  id: z.string(),
  total_samples: z.number(),
  owner: z.string().nullable(),
  tags: z.array(z.string()),
  baseline,
});
const recommendation = z.object({ id: z.string(), digest: z.string(), state: z.string(), action: z.string() });
const saidSchema = z.object({
  models: z.array(shown),
  incidents: z.array(
    z.object({ id: z.string(), modelId: z.string(), openedAtMs: z.number(), closedAtMs: z.number().nullable() }),
  ),
  recommendations: z.array(recommendation),
  audit: z.object({ kind: z.literal('intact'), entries: z.number(), headHash: z.string() }),
});
const FOLDER = join(import.meta.dirname, '../data/store');
const said = saidSchema.parse(JSON.parse(readFileSync(join(FOLDER, '0.1.0-fifty-models.json'), 'utf8')));
const ids = said.models.map(({ id }) => id);
const RELEASE = 'c1b2aa6';
/** As 0.1.0 was configured with: still the same key. */
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;

const counts = z.object({ calls: z.number() });
/** A baseline's counts lie in its profile. */
const documents = z.object({ rest: z.unknown(), profile: z.object({ rest: z.unknown() }).optional() });
interface Counted {
  readonly calls: number;
  readonly windows: ReadonlyMap<number, number>;
  readonly baseline: number | null;
}

let directory: string;
let file: string;
let before: ReadonlyMap<string, Counted>;
let running: RunningService;

const raw = (): Knex => knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });

/** What the file of 0.1.0 holds, read without any of today's code. */
async function countedBefore(): Promise<ReadonlyMap<string, Counted>> {
  const db = raw();
  const all = new Map<string, Counted>();
  const callsOf = (document: string): number => {
    const { profile, rest } = documents.parse(JSON.parse(document));
    return counts.parse(profile?.rest ?? rest).calls;
  };
  for (const id of ids) {
    const [watched] = await db('setting').where('name', `watch:${id}`).select<{ value: string }[]>('value');
    const windows = await db('window_profile')
      .where('model', id)
      .select<{ window_start_ms: number; document: string }[]>('window_start_ms', 'document');
    const [learnt] = await db('baseline')
      .where('model', id)
      .orderBy('version', 'desc')
      .select<{ document: string }[]>();
    all.set(id, {
      calls: counts.parse(JSON.parse(watched?.value ?? '{}')).calls,
      windows: new Map(windows.map(({ window_start_ms, document }) => [window_start_ms, callsOf(document)])),
      baseline: learnt === undefined ? null : callsOf(learnt.document),
    });
  }
  await db.destroy();
  return all;
}

async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, body } = await running.request('GET', path, undefined, TOKENS.ada);
  expect(status).toBe(200);
  return schema.parse(body);
}
const fleet = async (): Promise<ReadonlyMap<string, z.output<typeof shown>>> =>
  new Map((await get('/api/v1/models', z.object({ models: z.array(shown) }))).models.map((model) => [model.id, model]));

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-fifty-'));
  file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(FOLDER, '0.1.0-fifty-models.sqlite.gz'))));
  before = await countedBefore();
  running = await runService({
    data_dir: directory,
    probing: { interval: '1h' },
    api_keys: [{ name: 'recorder', scopes: ['read', 'ingest', 'operate', 'propose', 'admin'], key: KEY }],
  });
});
afterAll(async () => {
  await running?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('fifty models that 0.1.0 watched for six minutes', () => {
  it('are all there, with every call 0.1.0 had counted, their owners, tags and baselines', async () => {
    const now = await fleet();
    expect([...now.keys()].sort()).toEqual([...ids].sort());
    for (const { id, total_samples, owner, tags, baseline } of said.models) {
      const model = now.get(id);
      expect([id, model?.owner, model?.tags]).toEqual([id, owner, tags]);
      // Its endpoint is gone by now: what was asked since is counted on top.
      if (id.startsWith('logged')) expect([id, model?.total_samples]).toEqual([id, total_samples]);
      else expect(model?.total_samples, id).toBeGreaterThanOrEqual(before.get(id)?.calls ?? Infinity);
      if (baseline.state === 'ready') expect([id, model?.baseline]).toMatchObject([id, baseline]);
    }
    expect(said.models.filter(({ baseline: { state } }) => state === 'ready').length).toBeGreaterThan(40);
  });

  it('keep each stored window and baseline, call by call', async () => {
    const store = await openStore({ kind: 'sqlite', file }, 'read');
    let windows = 0;
    for (const [id, counted] of before) {
      const untilMs = Math.max(0, ...counted.windows.keys());
      const stored = await store.windows.range(modelId(id), 0, untilMs + 1);
      expect([id, new Map(stored.map(({ windowStartMs, profile }) => [windowStartMs, profile.calls]))]).toEqual([
        id,
        counted.windows,
      ]);
      windows += stored.length;
      expect([id, (await store.baselines.current(modelId(id)))?.profile.calls ?? null]).toEqual([id, counted.baseline]);
    }
    await store.close();
    expect(windows).toBeGreaterThan(300);
  });

  it('have their incidents, proposals with digests that stand, and an audit log that goes on from the same entry', async () => {
    const { incidents } = await get(
      '/api/v1/incidents?limit=100',
      z.object({ incidents: z.array(z.object({ id: z.string() })) }),
    );
    expect(incidents.map(({ id }) => id)).toEqual(expect.arrayContaining(said.incidents.map(({ id }) => id)));
    expect(said.incidents.length).toBeGreaterThan(2);
    for (const { id, digest, action, state } of said.recommendations) {
      const now = await get(`/api/v1/recommendations/${id}`, recommendation);
      expect(now).toMatchObject({ id, digest, action });
      // What waited may have been withdrawn since; what was final stays so.
      if (state !== 'pending') expect([id, now.state]).toEqual([id, state]);
    }
    expect(await get('/api/v1/audit/verify', z.object({ kind: z.string() }))).toMatchObject({ kind: 'intact' });
    const db = raw();
    const [entry] = await db('audit').where('sequence', said.audit.entries).select<{ hash: string }[]>('hash');
    await db.destroy();
    expect(entry?.hash).toBe(said.audit.headHash);
  });

  it('know batches and answers of before: a repetition counts nothing, a late label finds its answer, a new row counts', async () => {
    const post = async (path: string, body: readonly object[]): Promise<unknown> => {
      const { status, body: answer } = await running.request('POST', `/api/v1/models/logged-01${path}`, body, KEY);
      expect([status, answer]).toEqual([200, expect.anything()]);
      return answer;
    };
    const row = { prediction: 'yes', confidence: 0.9 };
    expect(await post('/observations?batch_id=b-3', [row])).toMatchObject({ duplicate: true });
    expect(await post('/labels', [{ prediction_id: 'p-1-9-15', label: 'yes' }])).toMatchObject({ labels_matched: 1 });
    expect(await post('/labels', [{ prediction_id: 'p-1-9-15-x', label: 'yes' }])).toMatchObject({
      labels_unmatched: 1,
    });
    expect(await post('/observations?batch_id=after', [row])).toMatchObject({ accepted: 1, duplicate: false });
    const total = said.models.find(({ id }) => id === 'logged-01')?.total_samples ?? 0;
    expect((await fleet()).get('logged-01')?.total_samples).toBe(total + 1);
  });

  it('are the same over another start', async () => {
    const earlier = await fleet();
    await running.restart();
    const later = await fleet();
    for (const [id, { total_samples, baseline }] of earlier) {
      expect(later.get(id)?.total_samples).toBeGreaterThanOrEqual(total_samples);
      if (baseline.state === 'ready') expect([id, later.get(id)?.baseline]).toEqual([id, baseline]);
    }
  });
});

const hasRelease = spawnSync('git', ['cat-file', '-e', `${RELEASE}^{commit}`], { cwd: ROOT }).status === 0;
describe.skipIf(!hasRelease)('the way back', () => {
  it('to 0.1.0 itself is refused by it in words, and changes nothing of the file', async () => {
    await running.service.close();
    const old = join(directory, '0.1.0');
    mkdirSync(old);
    const archive = execFileSync('git', ['archive', RELEASE], { cwd: ROOT, maxBuffer: 1e9 });
    expect(spawnSync('tar', ['-x', '-C', old], { input: archive }).status).toBe(0);
    for (const folder of ['node_modules', 'exporter/node_modules']) symlinkSync(join(ROOT, folder), join(old, folder));
    const settings = join(directory, 'old.yml');
    writeFileSync(
      settings,
      JSON.stringify({ data_dir: directory, listen: { address: '127.0.0.1', port: await freePort() } }),
    );
    const bytes = readFileSync(file);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(old, 'exporter/src/cli/mlfi.ts'), 'serve', '--config', settings],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let told = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect([code, told]).toEqual([
      1,
      expect.stringContaining('was written by a newer version of mlfi; start that version, or restore an older backup'),
    ]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  }, 90_000);
});
