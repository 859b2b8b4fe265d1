import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionId, incidentId, modelId, recommendationId } from '../../exporter/src/domain/identifiers.js';
import { Conflict, Invalid, Unavailable } from '../../exporter/src/domain/errors.js';
import { ONLY_EPOCH, ONLY_SHARD, type Store } from '../../exporter/src/domain/ports.js';
import { callCountersCodec, NO_CALLS } from '../../exporter/src/monitoring/call-counters.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

const CANARY = 'canary-4711';
const MODEL = modelId('fraud');
const TAKEN = {
  bodyDigest: 'digest',
  result: {
    accepted: 1,
    labelsInRows: 0,
    labelsMatched: 0,
    labelsUnmatched: 0,
    labelsWaiting: 0,
    rejected: 0,
    rejectedByReason: {},
    errors: [],
    notes: [],
    duplicate: false,
  },
};
const SQL = /select|insert|update|delete|where|values|"[a-z_]+"/i;

const caught = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
};

/** All that a log line would hold of an error. */
function told(error: Error): string {
  const { cause } = error;
  return `${error.message}\n${error.stack ?? ''}\n${cause instanceof Error ? told(cause) : ''}`;
}

describe.skipIf(postgresBinaries() === null)('PostgreSQL', () => {
  let postgres: Postgres;
  let store: Store;
  beforeAll(async () => {
    postgres = await startPostgres(postgresBinaries() ?? '');
    store = await openStore({ kind: 'postgresql', url: postgres.freshDatabase(), poolSize: 4 });
    await store.batches.save(MODEL, 'before', TAKEN, 1);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    postgres.stop();
  });

  it('refuses a NUL character at the border, in words, and takes it inside of documents', async () => {
    expect(await caught(store.batches.find(MODEL, 'a\0b'))).toBeInstanceOf(Invalid);
    expect(await caught(store.batches.save(MODEL, 'a\0b', TAKEN, 1))).toMatchObject({
      message: 'batch_id holds a NUL character, which cannot be stored',
    });
    const alert = {
      ...{ sender: 'alertmanager' as const, startsAtMs: 1, endsAtMs: null, modelId: MODEL, receivedAtMs: 1 },
      ...{ name: 'a\0b', labels: { 'x\0': 'y\0' }, summary: '\0' },
    };
    expect(await caught(store.alerts.take([{ ...alert, fingerprint: '\0' }]))).toBeInstanceOf(Invalid);
    await store.alerts.take([{ ...alert, fingerprint: 'f' }]);
    expect(await store.alerts.list({ limit: 1 })).toEqual([{ ...alert, fingerprint: 'f' }]);
    // Ids that come in by paths and queries.
    expect(await caught(store.incidents.get(incidentId('\0')))).toBeInstanceOf(Invalid);
    expect(await caught(store.governance((on) => on.recommendation(recommendationId('\0'))))).toBeInstanceOf(Invalid);
  });

  it('takes a failed statement for what it is, without SQL and values', async () => {
    const execution = {
      ...{ id: executionId(CANARY), recommendationId: recommendationId(CANARY), executor: 'webhook' as const },
      ...{ state: 'queued' as const, queuedAtMs: 1, startedAtMs: null, finishedAtMs: null, detail: CANARY },
    };
    // It names a recommendation that is not there, or, were it there, would be the second.
    const error = await caught(
      store.governance(async (on) => {
        await on.insertExecution(execution);
        await on.insertExecution(execution);
      }),
    );
    expect(error.name).toMatch(/StoreFailed|Conflict/);
    if (error.name === 'Conflict') expect(error).toBeInstanceOf(Conflict);
    expect(told(error)).not.toContain(CANARY);
    expect(error.message).not.toMatch(/insert into|values \(|"/);
  });

  it('is refused as unavailable within five seconds while it is away, and used again when it is back', async () => {
    postgres.kill();
    const asked: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['check', () => store.check()],
      ['models', () => store.models.list()],
      ['counts', () => store.decisionCounts()],
      ['a batch', () => store.batches.save(MODEL, CANARY, TAKEN, 1)],
      [
        'a commit',
        () =>
          store.atomic(ONLY_SHARD, ONLY_EPOCH, (on) =>
            on.callCounters.save(MODEL, callCountersCodec, { ...NO_CALLS, lastVersion: CANARY }),
          ),
      ],
      ['a decision', () => store.governance((on) => on.recommendation(recommendationId(CANARY)))],
    ];
    const startedAtMs = performance.now();
    await Promise.all(
      asked.map(async ([what, ask]) => {
        const error = await caught(ask());
        expect(error, what).toBeInstanceOf(Unavailable);
        expect(error.message, what).not.toMatch(SQL);
        expect(told(error), what).not.toContain(CANARY);
        expect(told(error), what).not.toContain('postgres@');
      }),
    );
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    postgres.startAgain();
    await store.check();
    expect(await store.batches.find(MODEL, 'before')).toEqual(TAKEN);
    expect(await store.batches.find(MODEL, CANARY)).toBeNull();
  }, 60_000);

  it('does not wait for a connection longer than five seconds', async () => {
    const holding: (() => void)[] = [];
    const held = Array.from({ length: 4 }, () =>
      store.atomic(ONLY_SHARD, ONLY_EPOCH, () => new Promise<void>((resolve) => void holding.push(resolve))),
    );
    while (holding.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    const startedAtMs = performance.now();
    for (const error of await Promise.all([caught(store.models.list()), caught(store.check())]))
      expect(error).toBeInstanceOf(Unavailable);
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    for (const release of holding) release();
    await Promise.all(held);
    await store.check();
  }, 30_000);

  it('takes thousands of ledger entries out in one statement a chunk, each of them once, from two sides at once', async () => {
    const hashes = Array.from({ length: 5_000 }, (_, i) => `h${i}`);
    const entry = { model: MODEL, answerHash: 'x', confidenceTenth: null, quantity: null, atMs: 1, arrivedAtMs: 1 };
    await store.ledger.saveAll(hashes.map((predictionIdHash) => ({ ...entry, predictionIdHash })));
    const [one, other] = await Promise.all([store.ledger.take(MODEL, hashes, 2), store.ledger.take(MODEL, hashes, 2)]);
    expect([...one, ...other].map(({ predictionIdHash }) => predictionIdHash).sort()).toEqual([...hashes].sort());
  });
});
