import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { driftMonitorCodec } from '../../exporter/src/detection/sequential/drift-monitor-state.js';
import { DriftMonitor } from '../../exporter/src/detection/sequential/drift-monitor.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import { renameKeys, type Codec } from '../../exporter/src/domain/codec.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Store } from '../../exporter/src/domain/ports.js';
import { setting } from '../../exporter/src/domain/setting.js';
import { recommendationDigest } from '../../exporter/src/governance/digest.js';
import { verifyAudit } from '../../exporter/src/governance/audit/verify.js';
import { callCountersCodec } from '../../exporter/src/monitoring/call-counters.js';
import { alertCodec, alertFeedbackCodec } from '../../exporter/src/store/codecs/alert.js';
import { apiKeyCodec } from '../../exporter/src/store/codecs/api-key.js';
import {
  attemptCodec,
  executionCodec,
  reviewCodec,
  verificationCodec,
  voteCodec,
} from '../../exporter/src/store/codecs/decision.js';
import { incidentCodec } from '../../exporter/src/store/codecs/incident.js';
import { ingestResultCodec } from '../../exporter/src/store/codecs/ingest-result.js';
import { lessonCodec } from '../../exporter/src/store/codecs/lesson.js';
import { modelCodec } from '../../exporter/src/store/codecs/model.js';
import { baselineCodec, learningCodec, windowCodec } from '../../exporter/src/store/codecs/profile.js';
import { recommendationCodec } from '../../exporter/src/store/codecs/recommendation.js';
import { validationCodec } from '../../exporter/src/store/codecs/validation.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess } from './service-process.js';
import { runService, TOKENS, type RunningService } from './running-service.js';

const FIXTURE = join(import.meta.dirname, '../data/store/0.1.0.sqlite.gz');
const FRAUD = modelId('fraud');
const LOW = modelId('low-confidence');
/** The fixture was made before. */
const UPGRADED_FROM_MS = Date.parse('2026-11-28T01:05:00Z');

let folder: string;
let copies = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-upgrade-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the database of 0.1.0, in a data folder of its own. */
function old(): { readonly directory: string; readonly file: string } {
  const directory = join(folder, String((copies += 1)));
  mkdirSync(directory);
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(FIXTURE)));
  return { directory, file };
}
const raw = (file: string): Knex => knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });

interface Documents {
  readonly table: string;
  readonly column?: string;
  /** Of settings: how the names of the rows begin. */
  readonly named?: string;
  readonly rows: number;
  readonly codec: Codec<unknown>;
  /** From the names of today to those of 0.1.0. */
  readonly back?: Readonly<Record<string, string>>;
  /** What later releases added to a document, with the value a document of 0.1.0 gets. */
  readonly added?: Readonly<Record<string, unknown>>;
}

/** The same codec for a test that does not care what the document means. */
const of = <T>({ kind, version, encode, decode }: Codec<T>): Codec<unknown> => {
  const decoded = new Map<unknown, T>();
  return {
    kind,
    version,
    decode(text) {
      const value = decode(text);
      decoded.set(value, value);
      return value;
    },
    encode(value) {
      const known = decoded.get(value);
      if (known === undefined) throw new Error('encode what was decoded');
      return encode(known);
    },
  };
};

const DOCUMENTS: readonly Documents[] = [
  { table: 'model', rows: 4, codec: of(modelCodec), added: { arePayloadsGuessed: false } },
  { table: 'baseline', rows: 3, codec: of(baselineCodec) },
  { table: 'learning', rows: 4, codec: of(learningCodec) },
  { table: 'window_profile', rows: 8, codec: of(windowCodec) },
  {
    table: 'batch',
    column: 'result',
    rows: 6,
    codec: of(ingestResultCodec),
    added: { labelsInRows: 0, labelsWaiting: 0, rejectedByReason: {}, notes: [] },
  },
  { table: 'incident', rows: 2, codec: of(incidentCodec), back: { indicator: 'sign' } },
  {
    table: 'recommendation',
    rows: 7,
    codec: of(recommendationCodec),
    back: { successEstimate: 'outlook', lowerQuantile20: 'cautious' },
  },
  { table: 'vote', rows: 2, codec: of(voteCodec) },
  { table: 'execution', rows: 1, codec: of(executionCodec) },
  { table: 'execution_attempt', rows: 2, codec: of(attemptCodec) },
  { table: 'verification', rows: 1, codec: of(verificationCodec) },
  { table: 'review', rows: 1, codec: of(reviewCodec) },
  { table: 'lesson', rows: 1, codec: of(lessonCodec) },
  { table: 'api_key', rows: 2, codec: of(apiKeyCodec) },
  { table: 'model_validation', rows: 1, codec: of(validationCodec) },
  { table: 'external_alert', rows: 3, codec: of(alertCodec) },
  { table: 'page_opinion', rows: 2, codec: of(alertFeedbackCodec) },
  {
    table: 'setting',
    column: 'value',
    named: 'watch:',
    rows: 4,
    codec: of(callCountersCodec),
    added: { lastArrivalAtMs: null },
  },
  {
    table: 'setting',
    column: 'value',
    named: 'monitor:',
    rows: 4,
    codec: of(driftMonitorCodec),
    back: { streams: 'channels', effectiveSampleSize: 'wander', quantiles: 'ruler' },
  },
];
const stored = z.object({ value: z.unknown() });
const ids = z.array(z.object({ id: z.string() })).default([]);
const named = z.object({ models: ids, incidents: ids });

const state = z.object({ id: z.string(), baseline: z.unknown(), total_samples: z.number() });
const states = z.object({ models: z.array(state) });

/** Rows of one model in a database of 0.1.0, by table; documents name their model in JSON. */
const OF_A_MODEL = ['baseline', 'learning', 'window_profile', 'ledger', 'batch'] as const;

/** Copies the models of the fixture until there are `count`. @returns every model with the one it is a copy of, or itself */
async function multiply(file: string, count: number): Promise<ReadonlyMap<string, string>> {
  const db = raw(file);
  const originals = await db('model').select<{ id: string; document: string }[]>();
  const all = new Map(originals.map(({ id }) => [id, id]));
  await db.transaction(async (on) => {
    for (let i = 0; all.size < count; i += 1) {
      const original = originals[i % originals.length];
      if (original === undefined) throw new Error('the fixture has models');
      const copy = `${original.id}-${i}`;
      all.set(copy, original.id);
      await on('model').insert({ id: copy, document: original.document.replaceAll(`"${original.id}"`, `"${copy}"`) });
      for (const table of OF_A_MODEL) {
        const rows = await on(table).where('model', original.id).select<Record<string, unknown>[]>();
        await on.batchInsert(
          table,
          rows.map((row) => ({ ...row, model: copy })),
          50,
        );
      }
      for (const kind of ['watch', 'monitor'])
        await on('setting').insert(
          await on('setting')
            .where('name', `${kind}:${original.id}`)
            .select(on.raw('? as name', [`${kind}:${copy}`]), 'value'),
        );
    }
  });
  await db.destroy();
  return all;
}

/** Calls that the fixture had counted. */
const CALLS: Readonly<Record<string, number>> = { fraud: 1_522, listed: 216, 'low-confidence': 224, prices: 360 };

/** The others are learning, and go on with it. */
const WITH_BASELINE = ['fraud', 'prices', 'listed'];

/** Calls in the baselines and windows of the upgraded store. */
async function callsStored(file: string, ids: Iterable<string>): Promise<ReadonlyMap<string, readonly number[]>> {
  const store = await openStore({ kind: 'sqlite', file }, 'read');
  const calls = new Map<string, readonly number[]>();
  for (const id of ids) {
    const baseline = await store.baselines.current(modelId(id));
    const windows = await store.windows.range(modelId(id), 0, UPGRADED_FROM_MS);
    calls.set(id, [baseline?.profile.calls ?? 0, ...windows.map(({ profile }) => profile.calls)]);
  }
  await store.close();
  return calls;
}

/** A number of the configuration that 0.1.0 wrote into every schedule and nobody reads. */
function leftOut(this: unknown, key: string, value: unknown): unknown {
  const inSchedule = typeof this === 'object' && this !== null && 'intervalMs' in this;
  if (key === 'goldenInputs' && inSchedule) return undefined;
  // An incident's story moved to rows of its own, and what changes of an API key to columns.
  return ['timeline', 'lastUsedAtMs', 'revokedAtMs'].includes(key) ? undefined : value;
}

/** A bank in which nothing is at stake is stored as an empty one since. */
const withoutEmptyBanks = (state: object): unknown =>
  JSON.parse(JSON.stringify(state), (_, value: unknown) => {
    const bank = emptyBank.safeParse(value);
    return bank.success ? { ...bank.data, cusum: [], evidence: [], resetAtMs: [] } : value;
  });
const zeros = z.array(z.literal(0));
const emptyBank = z.looseObject({ cusum: zeros, evidence: zeros, resetAtMs: zeros });

describe('a database of 0.1.0', () => {
  it.each(DOCUMENTS)(
    'loses no field of $rows documents in $table $named',
    async ({ table, column = 'document', named, rows, codec, back = {}, added = {} }) => {
      const db = raw(old().file);
      const query = db(table);
      if (named !== undefined) void query.whereLike('name', `${named}%`);
      const texts = (await query.select<Record<string, string>[]>(column)).map((row) => row[column] ?? '');
      await db.destroy();
      expect(texts).toHaveLength(rows);
      for (const text of texts) {
        const before: unknown = JSON.parse(text, leftOut);
        const written: unknown = JSON.parse(
          codec.encode(codec.decode(text)).replaceAll('"kind":"untestable"', '"kind":"hopeless"'),
        );
        const after = renameKeys(codec.version === 1 ? written : stored.parse(written).value, back);
        // The version moved from inside of this one to its envelope.
        expect(
          named === 'monitor:' ? { version: 1, ...z.record(z.string(), z.unknown()).parse(after) } : after,
        ).toEqual({ ...z.record(z.string(), z.unknown()).parse(before), ...added });
      }
    },
  );

  it('lets the running detectors go on where they were, bit by bit', async () => {
    const db = raw(old().file);
    const rows = await db('setting').whereLike('name', 'monitor:%').select<{ name: string; value: string }[]>();
    await db.destroy();
    for (const { name, value } of rows) {
      const state = driftMonitorCodec.decode(value);
      const monitor = new DriftMonitor(
        name.slice('monitor:'.length),
        { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' },
        (text) => text,
        state,
      );
      expect(monitor.isWatching).toBe(state.watching);
      // Once it has a detector, nothing reads any more how far apart the samples of a stream were.
      const spent = { samples: 0, newestMs: 0, counts: [], sums: [] };
      const signals = state.signals.map(([key, { streams, ...signal }]) => [
        key,
        { ...signal, streams: streams.map((one) => (one.detector === null ? one : { ...one, clock: spent })) },
      ]);
      const now = monitor.snapshot();
      const known = now.signals.map(([key, { streams, seen, ...signal }], i) => {
        // A range of values begins with the quantiles of the warm-up.
        if (seen !== undefined) expect(signal.quantiles).not.toBeNull();
        const before = state.signals[i]?.[1].streams.length ?? 0;
        // What no release watched before begins with what comes now.
        expect(streams.slice(before).map(({ detector, startedAtMs }) => [detector, startedAtMs])).toEqual(
          streams.slice(before).map(() => [null, 0]),
        );
        return [key, { ...signal, streams: streams.slice(0, before) }];
      });
      expect({ ...now, signals: known }).toEqual(withoutEmptyBanks({ ...state, signals }));
      expect(
        state.signals.flatMap(([, { streams }]) => streams).some(({ detector }) => detector?.kind === 'shift'),
      ).toBe(true);
    }
  });

  describe('opened by the store', () => {
    let store: Store;
    beforeAll(async () => {
      store = await openStore({ kind: 'sqlite', file: old().file });
    });
    afterAll(() => store.close());

    it('knows when its API keys were used last, and which of them count', async () => {
      const db = raw(old().file);
      const before = (await db('api_key').orderBy('id').select<{ document: string }[]>('document')).map(
        ({ document }) => JSON.parse(document) as { lastUsedAtMs: number | null; revokedAtMs: number | null },
      );
      await db.destroy();
      expect(before.some(({ lastUsedAtMs }) => lastUsedAtMs !== null)).toBe(true);
      expect(await store.apiKeys.list()).toMatchObject(
        before.map(({ lastUsedAtMs, revokedAtMs }) => ({ lastUsedAtMs, revokedAtMs, expiresAtMs: null })),
      );
    });

    it('has its models, baselines, windows and counters', async () => {
      expect((await store.models.list()).models.map(({ id }) => id)).toEqual([
        'fraud',
        'listed',
        'low-confidence',
        'prices',
      ]);
      expect(await store.models.get(FRAUD)).toMatchObject({ owner: 'team-risk', tags: ['gold'], paused: false });
      const baseline = await store.baselines.current(FRAUD);
      expect(baseline).toMatchObject({ version: 1, frozen: false });
      expect([...(baseline?.profile.signals.keys() ?? [])]).toContain('feature:age');
      const windows = await store.windows.range(FRAUD, 0, Infinity);
      expect(windows.length).toBeGreaterThan(0);
      expect(await store.callCounters.get(FRAUD, callCountersCodec)).toMatchObject({
        calls: 1_522,
        probes: 172,
        failures: { http_5xx: 18 },
        lastVersion: 'v2',
      });
      expect((await store.driftMonitors.get(FRAUD, driftMonitorCodec))?.watching).toBe(true);
      expect(await store.settings.get(setting('watch:fraud', z.unknown()))).toBeNull();
      expect(await store.batches.find(FRAUD, 'batch-3')).toMatchObject({
        result: { accepted: 200, duplicate: false },
        bodyDigest: null,
      });
    });

    it('has its incidents with their stories, and what was learnt of them', async () => {
      const [open, closed] = [
        await store.incidents.list({ open: true, limit: 10 }),
        await store.incidents.list({ open: false, limit: 10 }),
      ];
      expect(open).toMatchObject([
        { modelId: LOW, diagnosis: { causes: [{ id: 'underconfident-model' }, { id: 'unknown' }] } },
      ]);
      expect(open[0]?.diagnosis.causes[0]?.supporting[0]?.indicator).toMatch(/\w/);
      expect(closed).toMatchObject([
        { modelId: FRAUD, diagnosis: { causes: [{ id: 'model-unreachable' }, { id: 'unknown' }] } },
      ]);
      expect(closed[0]?.timeline.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['alert', 'first-evidence', 'opened', 'recovered', 'closed']),
      );
      expect(await store.lessons.list({ limit: 10 })).toMatchObject([{ modelId: FRAUD, cause: 'model-unreachable' }]);
      expect((await store.alertFeedback.list({})).map(({ by, useful }) => [by.name, useful])).toEqual([
        ['Ada', true],
        ['Grace', false],
      ]);
      expect(await store.alerts.list({ limit: 10 })).toHaveLength(3);
      expect(await store.validations.list(FRAUD, 10)).toMatchObject([{ state: 'finished' }]);
    });

    it('has its decisions, digests that still stand, and an audit log that verifies', async () => {
      await store.governance(async (transaction) => {
        const recommendations = await transaction.recommendations({ limit: 100 });
        expect(recommendations.map(({ state }) => state).sort()).toEqual([
          'not_recovered',
          'pending',
          'pending',
          'rejected',
          'withdrawn',
          'withdrawn',
          'withdrawn',
        ]);
        for (const recommendation of recommendations)
          expect(recommendationDigest(recommendation)).toBe(recommendation.digest);
        const [decided] = recommendations.filter(({ state }) => state === 'not_recovered');
        if (decided === undefined) throw new Error('the fixture has one');
        expect(await transaction.votes(decided.id)).toMatchObject([
          { verdict: 'approve', breakGlass: { ticket: 'OPS-1' } },
        ]);
        const execution = await transaction.execution(decided.id);
        expect(execution).toMatchObject({ state: 'succeeded', executor: 'webhook' });
        if (execution !== null) expect(await transaction.attempts(execution.id)).toHaveLength(2);
        expect(await transaction.verification(decided.id)).toMatchObject({ outcome: 'not_recovered' });
        expect(await transaction.reviews({ open: true })).toMatchObject([{ ticket: 'OPS-1' }]);
        expect(await transaction.killSwitch()).toMatchObject({ on: false, by: 'Ada', reason: 'over' });
      });
      expect(await verifyAudit((from, limit) => store.audit.read(from, limit))).toMatchObject({
        kind: 'intact',
        entries: 25,
      });
    });
  });

  describe('served', () => {
    let running: RunningService;
    beforeAll(async () => {
      running = await runService({ data_dir: old().directory });
    });
    afterAll(() => running.close());

    it('goes on with every model where 0.1.0 left it', async () => {
      const get = async (path: string): Promise<unknown> =>
        (await running.request('GET', path, undefined, TOKENS.ada)).body;
      const { models } = named.parse(await get('/api/v1/models'));
      expect(models.map(({ id }) => id)).toEqual(['fraud', 'listed', 'low-confidence', 'prices']);
      expect(await get('/api/v1/models/fraud')).toMatchObject({
        id: 'fraud',
        baseline: { state: 'ready', version: 1 },
      });
      const { incidents } = named.parse(await get('/api/v1/incidents?open=true'));
      expect(incidents.map(({ id }) => id)).toContain('mcZKSclKe8KyDIgX6acm8bIE');
      expect(await get('/api/v1/audit/verify')).toMatchObject({ kind: 'intact' });
    });
  });

  describe('of fifty models', () => {
    it('is served with every model where 0.1.0 left it, and stays so over another start', async () => {
      const { directory, file } = old();
      const originals = await multiply(file, 50);
      const running = await runService({ data_dir: directory, probing: { interval: '1h' } });
      const shown = async (): Promise<ReadonlyMap<string, z.output<typeof state>>> => {
        const { body } = await running.request('GET', '/api/v1/models', undefined, TOKENS.ada);
        return new Map(states.parse(body).models.map((model) => [model.id, model]));
      };
      try {
        const before = await shown();
        expect([...before.keys()].sort()).toEqual([...originals.keys()].sort());
        const counted = await callsStored(file, originals.keys());
        for (const [id, original] of originals) {
          if (WITH_BASELINE.includes(original)) {
            expect([id, counted.get(id)]).toEqual([id, counted.get(original)]);
            expect([id, before.get(id)?.baseline]).toEqual([id, before.get(original)?.baseline]);
          }
          expect(before.get(id)?.total_samples).toBeGreaterThanOrEqual(CALLS[original] ?? Infinity);
        }
        expect([...counted.values()].flat().reduce((sum, calls) => sum + calls, 0)).toBeGreaterThan(10_000);
        await running.restart();
        const after = await shown();
        for (const [id, { baseline, total_samples }] of before) {
          if (WITH_BASELINE.includes(originals.get(id) ?? '')) expect(after.get(id)?.baseline).toEqual(baseline);
          expect(after.get(id)?.total_samples).toBeGreaterThanOrEqual(total_samples);
        }
        const store = await openStore({ kind: 'sqlite', file }, 'read');
        const taken = await store.batches.find(modelId('fraud-40'), 'batch-3');
        await store.close();
        expect(taken?.result.accepted).toBe(200);
      } finally {
        await running.close();
      }
    });
  });

  it('is not given back to an older release: its process ends, and says what to do', async () => {
    const { directory, file } = old();
    await (await openStore({ kind: 'sqlite', file })).close();
    const db = raw(file);
    await db('knex_migrations').insert({ name: '999-later', batch: 9, migration_time: new Date() });
    await db.destroy();
    const service = startServiceProcess(directory, await freePort());
    expect(await service.exited).toBe(1);
    expect(service.said()).toMatch(
      /was written by a newer version of mlfi; start that version, or restore an older backup/,
    );
  });
});
