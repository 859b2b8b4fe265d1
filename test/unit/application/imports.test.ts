import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IDLE_FETCH_MS, IDLE_IMPORT_MS } from '../../../exporter/src/application/heard-imports.js';
import { importUseCases, IMPORTS_UNDER_WAY, type ImportUseCases } from '../../../exporter/src/application/imports.js';
import type { AuditNote } from '../../../exporter/src/domain/audit-note.js';
import { SYSTEM } from '../../../exporter/src/domain/actor.js';
import { Conflict, NotFound, Unavailable } from '../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { ImportPurpose } from '../../../exporter/src/domain/import.js';
import type { FileMark } from '../../../exporter/src/domain/past-file.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import type { Store } from '../../../exporter/src/domain/ports.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import type { Fleet } from '../../../exporter/src/monitoring/fleet.js';
import { ReplayClock } from '../../../exporter/src/monitoring/replay-clock.js';
import { Replay } from '../../../exporter/src/monitoring/replay.js';
import { withBatchesOfNow } from '../../../exporter/src/service/imports.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { storeInFile } from '../governance/scheduled-store.js';
import { answers, fleetOn, modelNamed, QUIET_LOGGER } from '../monitoring/fleet-on-memory.js';

const TURN = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => modelId(id));
const [A, B] = [modelId('a'), modelId('b')];

let store: Store;
let remove: () => Promise<void>;
let fleet: Fleet;
let imports: ImportUseCases;
let audited: string[];
let refusals: number;
let nowMs: number;
/** What is told of imports under way. */
let heardAtMs: Map<ModelId, number>;
beforeEach(async () => {
  ({ store, remove } = await storeInFile());
  fleet = fleetOn(store, TURN);
  audited = [];
  refusals = 0;
  nowMs = 1e12;
  heardAtMs = new Map();
  for (const id of IDS) await fleet.addIfNew({ ...modelNamed(id), owner: 'team-x' });
  imports = importsOf(fleet);
});
afterEach(async () => {
  await fleet.stop();
  await remove();
});

const noteOf =
  (kind: string): AuditNote =>
  () => {
    refusals -= 1;
    if (refusals >= 0) return Promise.reject(new Unavailable('the log takes nothing'));
    audited.push(kind);
    return Promise.resolve();
  };

const importsOf = (live: Fleet): ImportUseCases =>
  importUseCases({
    fleet: live,
    store,
    clock: { now: () => nowMs, sleep: TURN },
    logger: QUIET_LOGGER,
    auditNote: noteOf,
    importHeard: (id, atMs) => void (atMs === null ? heardAtMs.delete(id) : heardAtMs.set(id, atMs)),
    openReplay: (model, begun, _windowMs, memory) => {
      const clock = new ReplayClock(0);
      const replayed = fleetOn(
        withBatchesOfNow(store, () => nowMs),
        TURN,
        { clock },
      );
      const requirements = DEFAULT_BASELINE_REQUIREMENTS;
      const ports = { fleet: replayed, clock, incidents: store.incidents, requirements, evaluateEveryMs: 3_600_000 };
      return Replay.begin(ports, model, begun, memory);
    },
  });

const take = (
  id: ModelId,
  rows: readonly string[],
  batchId: string | null = null,
  bodyDigest: string | null = null,
  file?: FileMark,
) => {
  const { observations } = answers(rows);
  const batch = answers([], {
    observations: observations.map((row, i) => ({ ...row, atMs: 1e11 + i })),
    batchId,
    bodyDigest,
  });
  return imports.take(id, { purpose: 'history', batch, undatedAtMs: 1, spread: null, ...(file && { file }) }, SYSTEM);
};
const marks = async (): Promise<string[]> => Object.keys((await store.settings.get(IMPORTS_UNDER_WAY)) ?? {}).sort();

it('marks every one of many imports that begin and end at once, and leaves no mark behind', async () => {
  await Promise.all(IDS.map((id) => take(id, ['p1'])));
  expect(await marks()).toEqual([...IDS]);
  await Promise.all(IDS.map((id) => imports.finish(id, SYSTEM)));
  expect(await marks()).toEqual([]);
  expect([...fleet.ids()].sort()).toEqual([...IDS]);
  expect(audited.toSorted()).toEqual([...IDS.map(() => 'import-begun'), ...IDS.map(() => 'import-finished')]);
});

it('leaves a model as it was when the beginning cannot be stored, and begins when asked again', async () => {
  refusals = 1;
  await expect(take(A, ['p1'])).rejects.toThrow('the log takes nothing');
  expect(imports.isUnderWay(A)).toBe(false);
  expect(fleet.has(A)).toBe(true);
  expect(await marks()).toEqual([]);
  await take(A, ['p1']);
  expect(await marks()).toEqual([A]);
  await expect(fleet.ingest(A, answers(['live']))).rejects.toBeInstanceOf(Unavailable);
  expect(fleet.ids()).not.toContain(A);
});

it('tells whoever asks for the model to come again until it is there again, never that there is none', async () => {
  await take(A, ['p1']);
  const seen = new Set<string>();
  let isDone = false;
  const finished = imports.finish(A, SYSTEM).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await TURN();
    try {
      fleet.status(A);
      seen.add('there');
    } catch (error) {
      seen.add(error instanceof NotFound ? 'not found' : error instanceof Unavailable ? 'come again' : String(error));
    }
  }
  await finished;
  expect(seen).not.toContain('not found');
  expect(fleet.status(A).model).toMatchObject({ owner: 'team-x' });
});

it('keeps what is registered of a model whatever fails at the end, and ends when asked again', async () => {
  await take(A, ['p1']);
  refusals = 1;
  await expect(imports.finish(A, SYSTEM)).rejects.toThrow('the log takes nothing');
  expect(await store.models.get(A)).toMatchObject({ owner: 'team-x' });
  await imports.finish(A, SYSTEM);
  expect(await marks()).toEqual([]);
  expect(fleet.status(A).model).toMatchObject({ owner: 'team-x' });
});

it('goes on after a crash with what is registered and marked', async () => {
  await take(A, ['p1']);
  const restarted = fleetOn(store, TURN);
  imports = importsOf(restarted);
  await imports.recall();
  await restarted.start();
  await expect(restarted.ingest(A, answers(['live']))).rejects.toBeInstanceOf(Unavailable);
  await take(A, ['p2']);
  await imports.finish(A, SYSTEM);
  expect(restarted.status(A).model).toMatchObject({ owner: 'team-x' });
  expect(await restarted.ingest(A, answers(['live']))).toMatchObject({ accepted: 1 });
  await restarted.stop();
});

it('counts live rows that come as an import begins, or refuses them or the import', async () => {
  const [live, past] = await Promise.allSettled([fleet.ingest(B, answers(['l1', 'l2'])), take(B, ['p1'])]);
  if (live.status === 'fulfilled') {
    expect(past).toMatchObject({ status: 'rejected', reason: { kind: 'conflict' } });
    expect(fleet.monitoredModel(B).counters.calls).toBe(2);
  } else expect(live.reason).toBeInstanceOf(Unavailable);
});

it('refuses another body under a batch id that was taken', async () => {
  await take(A, ['p1'], 'x', 'digest 1');
  expect(await imports.taken(A, { batchId: 'x', bodyDigest: 'digest 1' })).toMatchObject({ duplicate: true });
  await expect(imports.taken(A, { batchId: 'x', bodyDigest: 'digest 2' })).rejects.toBeInstanceOf(Conflict);
});

it('answers a batch that is repeated with what the whole batch was answered, however many parts it was taken in', async () => {
  const HOUR_MS = 3_600_000;
  const rows = Array.from({ length: 1_300 }, (_, i) => `p${i}`);
  const { observations } = answers(rows);
  const batch = answers([], {
    observations: observations.map((row, i) => ({ ...row, atMs: 1e11 + (i * HOUR_MS) / 300 })),
    batchId: 'months',
    bodyDigest: 'digest',
    rejected: 2,
  });
  const first = await imports.take(A, { purpose: 'history', batch, undatedAtMs: 1, spread: null }, SYSTEM);
  expect(first).toMatchObject({ accepted: 1_300, rejected: 2, duplicate: false });
  expect(await store.batches.find(A, 'months/0')).not.toBeNull();
  expect(await imports.taken(A, { batchId: 'months', bodyDigest: 'digest' })).toEqual({ ...first, duplicate: true });
});

it('keeps the rows of a training set in memory when the model is watched again, and says after a restart which are gone', async () => {
  const training = (model: ModelId, from: number) => {
    const { observations } = answers(Array.from({ length: 400 }, (_, i) => `t${from + i}`));
    const rows = observations.map((row, i) => ({ ...row, atMs: 1e11 + from + i, features: { x: i % 97 } }));
    const batch = answers([], { observations: rows, batchId: `${from}` });
    return imports.take(model, { purpose: 'baseline', batch, undatedAtMs: 1, spread: null }, SYSTEM);
  };
  await training(A, 0);
  await imports.finish(A, SYSTEM);
  expect(fleet.monitoredModel(A).modelState().baselineRows).toHaveLength(400);

  await training(B, 0);
  const restarted = fleetOn(store, TURN);
  imports = importsOf(restarted);
  await imports.recall();
  await restarted.start();
  await training(B, 400);
  const { baselineVersion, progress, notes } = await imports.finish(B, SYSTEM);
  expect(baselineVersion).toBe(1);
  expect(progress).toMatchObject({ rows: 800, fromMs: 1e11, toMs: 1e11 + 799 });
  expect(notes).toEqual([expect.stringMatching(/^mlfi was started anew after 400 of these rows\..* live rows\.$/)]);
  await restarted.stop();
});

it('forgets what a cancelled import brought, so that the past of the model can be imported anew', async () => {
  await take(A, ['p1', 'p2'], 'x');
  await imports.cancel(A, SYSTEM);
  expect(await marks()).toEqual([]);
  expect(audited.at(-1)).toBe('import-cancelled');
  expect(fleet.status(A).model).toMatchObject({ owner: 'team-x' });
  expect(fleet.monitoredModel(A).counters.calls).toBe(0);
  expect(await imports.taken(A, { batchId: 'x', bodyDigest: null })).toBeNull();
  await expect(imports.cancel(A, SYSTEM)).rejects.toBeInstanceOf(NotFound);
  expect(await take(A, ['p1', 'p2'], 'x')).toMatchObject({ accepted: 2, duplicate: false });
  expect((await imports.finish(A, SYSTEM)).progress).toMatchObject({ rows: 2 });
});

it('keeps the baseline that a model had before a history that is cancelled, also after a restart', async () => {
  const { observations } = answers(Array.from({ length: 400 }, (_, i) => `t${i}`));
  const training = answers([], {
    observations: observations.map((row, i) => ({ ...row, atMs: 1e10 + i })),
    batchId: 't',
  });
  await imports.take(A, { purpose: 'baseline', batch: training, undatedAtMs: 1, spread: null }, SYSTEM);
  expect(await imports.finish(A, SYSTEM)).toMatchObject({ baselineVersion: 1 });
  nowMs += 1e9;
  await take(A, ['p1', 'p2'], 'x');
  expect(await store.windows.newest(A, { fromMs: 0, toMs: 2e12, limit: 10 })).not.toEqual([]);

  const restarted = fleetOn(store, TURN);
  imports = importsOf(restarted);
  await imports.recall();
  await restarted.start();
  await imports.cancel(A, SYSTEM);
  const { baseline, counters } = restarted.monitoredModel(A);
  expect([baseline?.version, counters.calls, counters.lastAnswerAtMs]).toEqual([1, 0, null]);
  expect(await store.windows.newest(A, { fromMs: 0, toMs: 2e12, limit: 10 })).toEqual([]);
  expect(await imports.taken(A, { batchId: 't', bodyDigest: null })).toMatchObject({ accepted: 400 });
  expect(await take(A, ['p1', 'p2'], 'x')).toMatchObject({ accepted: 2, duplicate: false });
  await restarted.stop();
});

it('cancels an import that nothing was heard of for a day, and no other', async () => {
  await take(A, ['p1']);
  await take(B, ['p1']);
  nowMs += IDLE_IMPORT_MS - 1;
  await take(B, ['p2']);
  nowMs += 1;
  await imports.cancelIdle();
  expect([imports.isUnderWay(A), imports.isUnderWay(B)]).toEqual([false, true]);
  expect(await fleet.ingest(A, answers(['live']))).toMatchObject({ accepted: 1 });
});

it('gives up an import of files that mlfi fetches after an hour, also after a restart, and tells that the model was not watched', async () => {
  await take(A, ['p1'], 'x', 'digest', { key: 'place', version: 'v1' });
  const restarted = fleetOn(store, TURN);
  imports = importsOf(restarted);
  await imports.recall();
  await restarted.start();
  nowMs += IDLE_FETCH_MS - 1;
  imports.heard(A);
  nowMs += IDLE_FETCH_MS - 1;
  await imports.taken(A, { batchId: 'x', bodyDigest: 'digest' });
  nowMs += IDLE_FETCH_MS - 1;
  await imports.cancelIdle();
  expect(imports.isUnderWay(A)).toBe(true);
  nowMs += 1;
  await imports.cancelIdle();
  expect(imports.isUnderWay(A)).toBe(false);
  const spot = () => restarted.status(A).blindSpots.find(({ check }) => check.includes('import'))?.reason;
  expect(spot()).toMatch(/^nothing was watched from 2001-09-09 01:46:40 UTC to 2001-09-09 04:46:39 UTC: an import/);
  nowMs += 86_400_000;
  await imports.cancelIdle();
  expect(spot()).toBeUndefined();
  await restarted.stop();
});

it('tells of each import under way when it was last heard of, also after a restart, and of none that is over', async () => {
  await take(A, ['p1']);
  await take(B, ['p1']);
  nowMs += 1_000;
  await take(B, ['p2']);
  expect(heardAtMs).toEqual(
    new Map([
      [A, 1e12],
      [B, 1e12 + 1_000],
    ]),
  );
  await imports.finish(B, SYSTEM);
  expect([...heardAtMs.keys()]).toEqual([A]);
  heardAtMs.clear();
  imports = importsOf(fleetOn(store, TURN));
  await imports.recall();
  expect([...heardAtMs]).toEqual([[A, nowMs]]);
});

it('cancels one that could not be cancelled at the next turn, and the others meanwhile', async () => {
  await take(A, ['p1']);
  await take(B, ['p1']);
  nowMs += IDLE_IMPORT_MS;
  refusals = 1;
  await imports.cancelIdle();
  expect([imports.isUnderWay(A), imports.isUnderWay(B)]).toEqual([true, false]);
  await imports.cancelIdle();
  expect(imports.isUnderWay(A)).toBe(false);
});

it('cancels no import whose rows come while it is looked for idle ones', async () => {
  await take(A, ['p1']);
  nowMs += IDLE_IMPORT_MS;
  const [taken] = await Promise.all([take(A, ['p2']), imports.cancelIdle()]);
  expect(taken).toMatchObject({ accepted: 1 });
  expect(imports.isUnderWay(A)).toBe(true);
  expect(imports.progress(A)).toMatchObject({ rows: 2 });
});

it('cancels an import whose first rows could not be stored, when nothing is heard of it for a day', async () => {
  vi.spyOn(Replay.prototype, 'take').mockRejectedValueOnce(new Unavailable('the store takes nothing'));
  await expect(take(A, ['p1'])).rejects.toThrow('the store takes nothing');
  expect(imports.isUnderWay(A)).toBe(true);
  nowMs += IDLE_IMPORT_MS;
  await imports.cancelIdle();
  expect(imports.isUnderWay(A)).toBe(false);
});

it('gives an import the day of its own, not what is left of one that was cancelled before', async () => {
  await take(A, ['p1']);
  await imports.cancel(A, SYSTEM);
  nowMs += IDLE_IMPORT_MS;
  vi.spyOn(Replay.prototype, 'take').mockRejectedValueOnce(new Unavailable('the store takes nothing'));
  await expect(take(A, ['p2'])).rejects.toThrow('the store takes nothing');
  await imports.cancelIdle();
  expect(imports.isUnderWay(A)).toBe(true);
});

it.each(['finished', 'cancelled'] as const)(
  'keeps the rows of a baseline through the import of a history that is %s',
  async (end) => {
    const random = seededRandom('history');
    const rows = (count: number, fromMs: number) =>
      Array.from({ length: count }, (_, i) =>
        observation({ atMs: fromMs + 1_000 * i, features: { age: random.next(), income: random.next() } }),
      );
    const send = (purpose: ImportPurpose, observations: readonly Observation[]): Promise<unknown> =>
      imports.take(A, { purpose, batch: answers([], { observations }), undatedAtMs: 1, spread: null }, SYSTEM);
    await send('baseline', rows(300, 1e11));
    await imports.finish(A, SYSTEM);
    const learnt = fleet.monitoredModel(A).modelState();
    expect(learnt.baselineRows).toHaveLength(300);
    expect(learnt.forest).not.toBeNull();
    await send('history', rows(100, 2e11));
    await (end === 'finished' ? imports.finish(A, SYSTEM) : imports.cancel(A, SYSTEM));
    const { baselineRows, forest, baseline } = fleet.monitoredModel(A).modelState();
    expect([baseline?.version, baselineRows, forest]).toEqual([1, learnt.baselineRows, learnt.forest]);
  },
);
