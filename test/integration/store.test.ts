import { writeFileSync } from 'node:fs';
import knex from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';
import type { ExternalAlert } from '../../exporter/src/domain/alert.js';
import { NO_DECISIONS } from '../../exporter/src/domain/decision-counts.js';
import { executionId, modelId, recommendationId, validationId, voteId } from '../../exporter/src/domain/identifiers.js';
import type { LabelEvidence } from '../../exporter/src/domain/ledger.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import { ONLY_EPOCH, ONLY_SHARD, type Store } from '../../exporter/src/domain/ports.js';
import type { Recommendation } from '../../exporter/src/domain/recommendation.js';
import { appendAudit } from '../../exporter/src/governance/audit/chain.js';
import { verifyAudit } from '../../exporter/src/governance/audit/verify.js';
import type { Validation } from '../../exporter/src/domain/validation.js';
import { openStore, type StoreLocation } from '../../exporter/src/store/open-store.js';
import { testStores } from './servers/stores.js';
import { z } from 'zod';
import { setting } from '../../exporter/src/domain/setting.js';
import { baselineOf } from '../unit/detection/rows.js';
import { SYSTEM } from '../../exporter/src/domain/actor.js';

const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

const MODEL = modelId('fraud');
const HALF = setting('half', z.number());
const ONCE = setting('once', z.number());
const RESULT = {
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
};
const observation = (confidence: number): Observation => ({
  atMs: 1_000,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features: { age: 38, country: 'DE', missing: null },
  prediction: 'yes',
  confidence,
  latencySeconds: 0.02,
  failure: null,
  label: null,
  modelVersion: null,
});
const recommendation = (id: string): Recommendation => ({
  id: recommendationId(id),
  incidentId: 'i' as Recommendation['incidentId'],
  modelId: MODEL,
  revision: 1,
  createdAtMs: 1,
  expiresAtMs: 2,
  requiredApprovals: 1,
  policy: {
    version: 'v',
    approvers: { users: [], emails: [], roles: [] },
    proposerMayVote: false,
    expireAfterMs: 1,
    startWithinMs: 1,
    breakGlass: false,
  },
  proposedBy: { kind: 'system', subject: 'system', name: 'mlfi' },
  modelVersion: null,
  evidence: { headline: 'h', findings: [] },
  followUpTo: null,
  digest: 'd',
  state: 'pending',
  action: 'retrain',
  cause: 'concept-drift',
  title: 't',
  priority: 'HIGH',
  why: 'w',
  steps: [],
  expectedEffect: 'e',
  risk: 'r',
  verificationText: 'v',
  verification: null,
  plan: { executor: 'webhook', target: 'http://receiver.test/hook', parameters: {} },
  trackRecord: null,
});

describe.each(stores.kinds)('%s', (kind) => {
  const location = () => stores.fresh(kind);
  let at: StoreLocation;
  let store: Store;
  beforeAll(async () => {
    at = location();
    store = await openStore(at);
  });
  afterAll(async () => {
    await store.close();
  });

  it('gives windows back as they were, replaced as a whole, in order', async () => {
    const builder = createWindowBuilder();
    for (let i = 0; i < 100; i += 1) builder.add(observation(i / 100));
    const profile = builder.build();
    await store.windows.saveAll([
      { model: MODEL, windowStartMs: 20, profile },
      { model: MODEL, windowStartMs: 10, profile: createWindowBuilder().build() },
    ]);
    await store.windows.saveAll([{ model: MODEL, windowStartMs: 10, profile }]);
    const rows = await store.windows.range(MODEL, 0, 100);
    expect(rows.map(({ windowStartMs }) => windowStartMs)).toEqual([10, 20]);
    for (const row of rows) expect(row.profile).toEqual(profile);
    expect(await store.windows.prune(15)).toBe(1);
  });

  it('takes each firing of an alert once, whoever brings it, and ends it once', async () => {
    const alert = (over: Partial<ExternalAlert> = {}): ExternalAlert => ({
      sender: 'alertmanager',
      fingerprint: 'f',
      startsAtMs: 1_795_521_600_123,
      endsAtMs: null,
      modelId: MODEL,
      name: 'Checkout',
      summary: 's',
      labels: { model: 'fraud' },
      receivedAtMs: 5,
      ...over,
    });
    const receipts = await Promise.all(Array.from({ length: 10 }, () => store.alerts.take([alert()])));
    expect(receipts.flat().sort()).toEqual([...Array.from({ length: 9 }, () => 'duplicate'), 'new']);
    expect((await store.decisionCounts()).models.get(MODEL)?.alertsFiring).toEqual({ alertmanager: 1 });
    const ends = await Promise.all(
      Array.from({ length: 5 }, () => store.alerts.take([alert({ endsAtMs: 1_795_521_700_000 })])),
    );
    expect(ends.flat().filter((receipt) => receipt === 'resolved')).toHaveLength(1);
    expect(await store.alerts.take([alert(), alert({ startsAtMs: 1_795_521_800_000 })])).toEqual(['duplicate', 'new']);
    expect(await store.alerts.list({ model: MODEL, firing: true, limit: 5 })).toEqual([
      alert({ startsAtMs: 1_795_521_800_000 }),
    ]);
    expect((await store.alerts.list({ firing: false, limit: 5 })).map(({ endsAtMs }) => endsAtMs)).toEqual([
      1_795_521_700_000,
    ]);
    // One that is heard of again while it fires stays; one that nobody resolved goes in the end.
    const repeated = { startsAtMs: 1_795_521_800_000, receivedAtMs: 1_795_521_900_000, modelId: null };
    expect(await store.alerts.take([alert(repeated)])).toEqual(['duplicate']);
    expect(await store.alerts.prune(1_795_521_700_001)).toBe(1);
    expect(await store.alerts.list({ limit: 5 })).toEqual([alert(repeated)]);
    expect(await store.alerts.prune(1_795_521_900_001)).toBe(1);
    expect(await store.alerts.list({ limit: 5 })).toEqual([]);
  });

  it('counts decisions and actions per model for the metrics', async () => {
    const fresh = await openStore(location());
    try {
      expect(await fresh.decisionCounts()).toEqual(NO_DECISIONS);
      await fresh.governance(async (transaction) => {
        await transaction.insertRecommendation({ ...recommendation('a'), createdAtMs: 70 });
        await transaction.insertRecommendation({
          ...recommendation('b'),
          createdAtMs: 50,
          priority: 'CRITICAL',
          action: 'rollback',
        });
        await transaction.insertRecommendation({ ...recommendation('c'), createdAtMs: 10 });
        // Advice, which waits for nobody.
        await transaction.insertRecommendation({ ...recommendation('d'), createdAtMs: 5, plan: null });
        await transaction.setRecommendationState(recommendationId('c'), 'rejected');
        await transaction.insertExecution({
          id: executionId('x'),
          recommendationId: recommendationId('b'),
          executor: 'webhook',
          state: 'unknown',
          queuedAtMs: 1,
          startedAtMs: null,
          finishedAtMs: null,
          detail: '',
        });
        const alone = {
          usedBy: SYSTEM,
          ticket: 'T-1',
          dueAtMs: 9,
          reviewedBy: null,
          reviewedAtMs: null,
          finding: null,
        };
        await transaction.saveReview({ ...alone, recommendationId: recommendationId('a') });
        const reviewed = { reviewedBy: SYSTEM, reviewedAtMs: 5, finding: 'right' };
        await transaction.saveReview({ ...alone, ...reviewed, recommendationId: recommendationId('b') });
        await appendAudit(transaction, { kind: 'test' });
      });
      await fresh.audit.saveCheckpoint({ size: 1, atMs: 77, note: 'signed' });
      const { models, auditEntries, breakGlass, checkpoint } = await fresh.decisionCounts();
      expect(auditEntries).toBe(1);
      expect(breakGlass).toEqual({ used: 2, unreviewed: 1 });
      expect(checkpoint).toEqual({ entries: 1, atMs: 77 });
      expect(models.get(MODEL)).toMatchObject({
        recommendations: { pending: 2, rejected: 1 },
        oldestPendingAtMs: 50,
        top: { action: 'rollback', priority: 'CRITICAL', state: 'pending' },
        executions: [{ executor: 'webhook', count: 1, failed: 0 }],
        executionsUnknown: 1,
      });
    } finally {
      await fresh.close();
    }
  });

  it('keeps validations by model, newest first, the last word on each', async () => {
    const validation = (id: string, startedAtMs: number, model: string): Validation => ({
      id: validationId(id),
      modelId: modelId(model),
      candidateUrl: 'https://models.example.org/v8',
      purpose: 'replace',
      state: 'running',
      startedAtMs,
      finishedAtMs: null,
      currentVersion: null,
      candidateVersion: null,
      calls: 0,
      verdict: null,
      reasons: [],
      criteria: [],
      comparison: null,
      requestedBy: 'ada',
    });
    await store.validations.save(validation('v1', 1, 'churn'));
    await store.validations.save(validation('v2', 2, 'churn'));
    await store.validations.save(validation('v3', 3, 'other'));
    await store.validations.save({
      ...validation('v1', 1, 'churn'),
      state: 'finished',
      verdict: 'pass',
      reasons: ['ü'],
    });
    const found = await store.validations.list(modelId('churn'), 10);
    expect(found.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['v2', null],
      ['v1', 'pass'],
    ]);
    expect(await store.validations.list(modelId('churn'), 1)).toHaveLength(1);
  });

  it('takes a ledger entry out exactly once', async () => {
    const known = { model: MODEL, answerHash: 'x', confidenceTenth: 9, atMs: 1, arrivedAtMs: 2 };
    const entries = [
      { ...known, predictionIdHash: 'a', quantity: null },
      { ...known, predictionIdHash: 'q', quantity: { gridCentre: -1.25e-7, cell: -1_021 } },
    ];
    await store.ledger.saveAll(entries);
    const taken = await store.ledger.take(MODEL, ['a', 'b', 'q'], 5);
    expect([...taken].sort((a, b) => a.predictionIdHash.localeCompare(b.predictionIdHash))).toEqual(entries);
    expect(await store.ledger.take(MODEL, ['a'], 6)).toEqual([]);
  });

  it('knows for a while that an answer has had its label, until one of its id comes again', async () => {
    const { ledger } = store;
    const model = modelId('labelled');
    const answer = (predictionIdHash: string, atMs = 100) => ({
      model,
      predictionIdHash,
      answerHash: 'x',
      confidenceTenth: null,
      quantity: null,
      atMs,
      arrivedAtMs: atMs,
    });
    await ledger.saveAll([answer('a'), answer('b'), answer('c')]);
    expect(await ledger.labelledAmong(model, ['a', 'b', 'c', 'd'])).toEqual([]);
    await ledger.take(model, ['a', 'd'], 200);
    await ledger.take(model, ['b'], 300);
    expect([...(await ledger.labelledAmong(model, ['a', 'b', 'c', 'd']))].sort()).toEqual(['a', 'b']);
    expect(await ledger.labelledAmong(modelId('labelled-too'), ['a', 'b'])).toEqual([]);
    await ledger.prune(50, 250);
    expect(await ledger.labelledAmong(model, ['a', 'b', 'c'])).toEqual(['b']);
    await ledger.saveAll([answer('b', 400)]);
    expect(await ledger.labelledAmong(model, ['b'])).toEqual([]);
    expect(await ledger.take(model, ['b', 'c'], 500)).toHaveLength(2);
    await ledger.prune(200, 250);
    expect(await ledger.labelledAmong(model, ['b', 'c'])).toEqual(['b']);
  });

  it('keeps labels that wait for their prediction, of each the last, and takes them out exactly once', async () => {
    const label = (hash: string, arrivedAtMs: number, labelHash = 'x') => ({
      model: modelId('early'),
      predictionIdHash: hash,
      labelHash,
      quantity: hash === 'q' ? { gridCentre: -1.25e-7, cell: -1_021 } : null,
      atMs: 1,
      arrivedAtMs,
    });
    const { ledger } = store;
    await ledger.saveLabels([label('a', 10, 'first'), label('a', 11), label('q', 20), label('b', 30)]);
    const many = Array.from({ length: 1_501 }, (_, i) => label(`many ${i}`, 40));
    await ledger.saveLabels(many);
    const early = modelId('early');
    expect(await ledger.labelsWaiting(early)).toBe(1_504);
    expect(await ledger.labelsWaiting(MODEL)).toBe(0);
    expect(await ledger.waitingAmong(MODEL, ['a', 'q'])).toEqual([]);
    expect([...(await ledger.waitingAmong(early, ['q', 'c', 'a']))].sort()).toEqual(['a', 'q']);
    expect(await ledger.dropLabels(early, 20)).toBe(1);
    expect(await ledger.takeLabels(MODEL, ['q'])).toEqual([]);
    expect(await ledger.takeLabels(early, ['a', 'q', 'c'])).toEqual([label('q', 20)]);
    expect(
      await ledger.takeLabels(
        early,
        many.map(({ predictionIdHash }) => predictionIdHash),
      ),
    ).toHaveLength(1_501);
    expect(await ledger.labelsWaiting(early)).toBe(1);
    expect(await ledger.prune(31, 0)).toBeGreaterThanOrEqual(1);
    expect(await ledger.labelsWaiting(early)).toBe(0);
  });

  it('keeps what labels say in their order, from any label on, and of an error its cell', async () => {
    const { labelEvidence } = store;
    const agreeing = (count: number, from: number): LabelEvidence[] =>
      Array.from({ length: count }, (_, i) => ({
        atMs: from + i,
        predictedAtMs: 1.5,
        label: { kind: 'class', correct: i % 3 === 0 },
      }));
    const first = agreeing(1_500, 10);
    const error = (absoluteError: number): LabelEvidence => ({
      atMs: 7,
      predictedAtMs: 6,
      label: { kind: 'quantity', absoluteError },
    });
    await labelEvidence.add(MODEL, 0, first);
    await labelEvidence.add(MODEL, 1_500, [error(0), error(123.456), error(Infinity)]);
    await labelEvidence.add(modelId('another'), 0, first.slice(0, 3));
    expect((await labelEvidence.list(MODEL))[0]).toEqual({ first: 0, labels: first });
    // Those that came in rows are numbered below 0, and leave together.
    const lowest = { first: -(2 ** 52), labels: [error(0)] };
    await labelEvidence.add(MODEL, -3, agreeing(3, 20));
    await labelEvidence.add(MODEL, lowest.first, lowest.labels);
    const numbers = async (): Promise<number[]> => (await labelEvidence.list(MODEL)).map((each) => each.first);
    expect(await numbers()).toEqual([lowest.first, -3, 0, 1_500]);
    await labelEvidence.drop(MODEL, 0);
    expect(await numbers()).toEqual([0, 1_500]);
    // In the middle of those that came together, where they end, and where nothing is.
    await labelEvidence.drop(MODEL, 700);
    expect((await labelEvidence.list(MODEL))[0]).toEqual({ first: 700, labels: first.slice(700) });
    await labelEvidence.drop(MODEL, 1_500);
    const [errors, ...more] = await labelEvidence.list(MODEL);
    expect([errors?.first, errors?.labels.length, more]).toEqual([1_500, 3, []]);
    const known = errors?.labels.map(({ label }) => (label.kind === 'quantity' ? label.absoluteError : null)) ?? [];
    expect(known[0]).toBe(0);
    expect(Math.abs((known[1] ?? 0) - 123.456)).toBeLessThan(0.02 * 123.456);
    expect(known[1]).not.toBe(123.456);
    expect(known[2]).toBeGreaterThan(1e290);
    await labelEvidence.drop(MODEL, 1_503);
    await labelEvidence.drop(MODEL, 1_503);
    expect(await labelEvidence.list(MODEL)).toEqual([]);
    expect((await labelEvidence.list(modelId('another')))[0]?.labels).toHaveLength(3);
  });

  it('writes all of an atomic piece of work or nothing', async () => {
    await expect(
      store.atomic(ONLY_SHARD, ONLY_EPOCH, async (part) => {
        await part.settings.set(HALF, 1);
        await part.batches.save(MODEL, 'batch', { result: RESULT, bodyDigest: null }, 1);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await store.settings.get(HALF)).toBeNull();
    expect(await store.batches.find(MODEL, 'batch')).toBeNull();
  });

  it('keeps the baseline that was there first when two checks of a URL end at once', async () => {
    const rows = [observation(0.5)];
    const model = modelId('checked-at-once');
    const admittedAt = (admittedAtMs: number) => ({ ...baselineOf(rows), admittedAtMs });
    await store.baselines.saveNew(model, admittedAt(1));
    await Promise.all([2, 3].map((atMs) => store.baselines.saveNew(model, admittedAt(atMs))));
    expect(await store.baselines.versions(model)).toEqual([{ version: 1, admittedAtMs: 1, frozen: false }]);
  });

  it('keeps what was set first when several set a thing once, and all hear the same', async () => {
    const values = Array.from({ length: 10 }, (_, i) => i);
    const heard = await Promise.all(values.map((value) => store.settings.setOnce(ONCE, value)));
    expect(new Set(heard)).toEqual(new Set([await store.settings.get(ONCE)]));
  });

  it('lets one of ten simultaneous deciders through, 300 times, with an intact audit chain', async () => {
    for (let round = 0; round < 300; round += 1) {
      const id = `r${round}`;
      await store.governance((transaction) => transaction.insertRecommendation(recommendation(id)));
      const decisions = await Promise.allSettled(
        Array.from({ length: 10 }, (_, voter) =>
          store.governance(async (transaction) => {
            const current = await transaction.recommendation(recommendationId(id));
            if (current?.state !== 'pending') throw new Error('too late');
            await transaction.insertVote({
              id: voteId(`${id}-${voter}`),
              recommendationId: recommendationId(id),
              digest: 'd',
              verdict: 'approve',
              reason: 'because',
              by: { kind: 'user', subject: `user:${voter}`, name: 'n' },
              atMs: voter,
            });
            await transaction.setRecommendationState(recommendationId(id), 'approved');
            await transaction.insertExecution({
              id: executionId(`${id}-${voter}`),
              recommendationId: recommendationId(id),
              executor: 'webhook',
              state: 'queued',
              queuedAtMs: round,
              startedAtMs: null,
              finishedAtMs: null,
              detail: '',
            });
            await appendAudit(transaction, { round, voter });
          }),
        ),
      );
      expect(decisions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
    expect(await store.governance((transaction) => transaction.executions({ state: 'queued' }))).toHaveLength(300);
    expect(await verifyAudit((from, limit) => store.audit.read(from, limit))).toMatchObject({
      kind: 'intact',
      entries: 300,
    });
  });

  it('lets nobody rewrite a proposal, a vote, an attempt or the log; only the state moves', async () => {
    const direct = knex(
      at.kind === 'sqlite'
        ? { client: 'sqlite3', connection: { filename: at.file }, useNullAsDefault: true }
        : { client: 'pg', connection: at.url },
    );
    try {
      await store.governance((transaction) =>
        transaction.insertAttempt({
          executionId: executionId('e'),
          kind: 'sent',
          outcome: 'started',
          atMs: 1,
          detail: '',
        }),
      );
      for (const table of ['recommendation', 'vote', 'execution_attempt', 'audit']) {
        const column = table === 'audit' ? 'body' : 'document';
        await expect(direct(table).update({ [column]: '{}' })).rejects.toThrow(/never changed/);
        await expect(direct(table).delete()).rejects.toThrow(/never changed/);
      }
      expect(await direct('recommendation').where({ id: 'r9' }).update({ state: 'revoked' })).toBe(1);
    } finally {
      await direct.destroy();
    }
  });

  it.each([1, 499, 500, 501, 5_000])('takes %i answers and as many windows at once', async (count) => {
    const many = modelId(`many-${count}`);
    const hashes = Array.from({ length: count }, (_, i) => `hash-${i}`);
    await store.ledger.saveAll(
      hashes.map((predictionIdHash) => ({
        model: many,
        predictionIdHash,
        answerHash: 'a',
        confidenceTenth: null,
        quantity: null,
        atMs: 1,
        arrivedAtMs: null,
      })),
    );
    await store.windows.saveAll(
      hashes.map((_, i) => ({ model: many, windowStartMs: i, profile: createWindowBuilder({}).build() })),
    );
    expect(await store.ledger.take(many, hashes, 1)).toHaveLength(count);
    expect(await store.windows.range(many, 0, count)).toHaveLength(count);
  });

  it('has everything again after closing and opening', async () => {
    await store.close();
    store = await openStore(at);
    expect(await store.audit.head()).toMatchObject({ sequence: 300 });
    expect((await store.governance((transaction) => transaction.recommendation(recommendationId('r7'))))?.state).toBe(
      'approved',
    );
  });
});

it('refuses a second live writer of a SQLite file, and lets it in when the first is gone', async () => {
  const file = stores.freshFile();
  const location: StoreLocation = { kind: 'sqlite', file };
  const first = await openStore(location);
  await expect(openStore(location)).rejects.toThrow(/in use by another mlfi/);
  const reader = await openStore(location, 'read');
  await reader.close();
  await first.close();
  writeFileSync(`${file}.lock`, '999999999');
  await (await openStore(location)).close();
});

it('says what is wrong with a file that is no database', async () => {
  const file = stores.freshFile();
  writeFileSync(file, 'this is not a database, it only looks like a file with some text in it. '.repeat(50));
  await expect(openStore({ kind: 'sqlite', file })).rejects.toThrow(/damaged or is no SQLite file/);
});
