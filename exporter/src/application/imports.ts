import { z } from 'zod';
import { SYSTEM, type Actor } from '../domain/actor.js';
import type { AuditNote } from '../domain/audit-note.js';
import { Conflict, NotFound } from '../domain/errors.js';
import { modelId, type ModelId } from '../domain/identifiers.js';
import {
  IMPORT_PURPOSES,
  type BegunImport,
  type ImportOutcome,
  type ImportProgress,
  type ImportPurpose,
  type SpreadTimes,
} from '../domain/import.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import type { Model } from '../domain/model.js';
import type { FileMark } from '../domain/past-file.js';
import type { GovernanceTransaction, Store } from '../domain/ports.js';
import { setting } from '../domain/setting.js';
import { ModelLanes } from '../incidents/model-lane.js';
import type { MonitoredModelView } from '../monitoring/monitored-model.js';
import { repeated } from '../monitoring/persist.js';
import type { BaselineMemory } from '../monitoring/baseline-lifecycle.js';
import { partId, sumOf, type Replay } from '../monitoring/replay.js';
import { HeardImports } from './heard-imports.js';
import type { ApplicationPorts } from './ports.js';

/** Imports that are not finished: after a crash they are taken up again. */
export const IMPORTS_UNDER_WAY = setting<Readonly<Record<string, BegunImport>>>(
  'imports-under-way',
  z.record(
    z.string(),
    z.union([
      z.object({
        purpose: z.enum(IMPORT_PURPOSES),
        fromMs: z.number().nullable(),
        begunAtMs: z.number(),
        hadBaseline: z.boolean(),
        files: z.record(z.string(), z.string()).exactOptional(),
      }),
      // As it was kept before an import could be cancelled.
      z
        .enum(IMPORT_PURPOSES)
        .transform((purpose) => ({ purpose, fromMs: null, begunAtMs: 0, hadBaseline: purpose === 'history' })),
    ]),
  ),
);

/** Rows of the past, as they were read. */
export interface ImportedRows {
  readonly purpose: ImportPurpose;
  readonly batch: IngestBatch;
  /** The time that rows without one were given when they were read. */
  readonly undatedAtMs: number;
  readonly spread: SpreadTimes | null;
  /** The file they are of, where it was fetched from elsewhere. */
  readonly file?: FileMark;
}

export interface ImportUseCases {
  /**
   * Takes rows of a model's past. The first batch begins the import; until it is finished the model is not watched live.
   * @throws NotFound, Conflict for a model that live rows have come for, or Unavailable when the store cannot be written
   */
  take(id: ModelId, rows: ImportedRows, by: Actor): Promise<IngestResult>;
  /** What became of a batch that was taken whole before; null for any other. @throws Conflict when it had another body */
  taken(id: ModelId, batch: Pick<IngestBatch, 'batchId' | 'bodyDigest'>): Promise<IngestResult | null>;
  /** What was there to say; the model is watched live from now on. @throws NotFound when no import is under way */
  finish(id: ModelId, by: Actor): Promise<ImportOutcome>;
  /**
   * Forgets what was imported: the model is watched live again as it was before, and its past can be imported anew. Incidents that
   * were told stay, closed.
   * @throws NotFound when no import is under way
   */
  cancel(id: ModelId, by: Actor): Promise<void>;
  /** Somebody asked for the import, or something of it came: it is not idle. */
  heard(id: ModelId): void;
  /** Cancels imports that nothing was heard of for `IDLE_IMPORT_MS`, or `IDLE_FETCH_MS`. */
  cancelIdle(): Promise<void>;
  /** Whether rows of the model's past are being imported, also when mlfi was started anew meanwhile. */
  isUnderWay(id: ModelId): boolean;
  /** Null when no import of the model is under way in this process. */
  progress(id: ModelId): ImportProgress | null;
  /** Imports that were under way when mlfi ended wait to be gone on with: their models are not watched before. Call before the fleet starts. */
  recall(): Promise<void>;
}

/** That a model was not watched is told for so long. */
const GAP_TOLD_MS = 86_400_000;
const WINDOW_LENGTHS_MS = [0, 3_600_000, 86_400_000] as const;
/** A window that holds fewer rows says little, and months of them are many. */
const ROWS_PER_WINDOW = 200;

/** @returns the use cases of `/api/v1/models/…/imports` */
export function importUseCases({
  fleet,
  store,
  auditNote,
  openReplay,
  clock,
  logger,
  importHeard,
}: Pick<ApplicationPorts, 'fleet' | 'auditNote' | 'openReplay' | 'clock' | 'logger' | 'importHeard'> & {
  readonly store: Pick<Store, 'settings' | 'batches' | 'models' | 'governance'>;
}): ImportUseCases {
  const replays = new Map<ModelId, Replay>();
  const heard = new HeardImports(() => clock.now(), importHeard);
  /** Until when it is told of models that they were not watched. */
  const toldUntilMs = new Map<ModelId, number>();
  // Not the lanes of the fleet, which lending and taking back wait for.
  const lanes = new ModelLanes();
  const underWay = async (id: ModelId): Promise<BegunImport | undefined> =>
    (await store.settings.get(IMPORTS_UNDER_WAY))?.[id];
  /** Says what is under way of a model, null for nothing, in one transaction with the entry of the audit log. */
  const mark = (
    id: ModelId,
    begun: BegunImport | null,
    note: AuditNote,
    also?: (transaction: GovernanceTransaction) => Promise<void>,
  ): Promise<void> =>
    store.governance(async (transaction) => {
      await also?.(transaction);
      const others = Object.entries((await transaction.settings.get(IMPORTS_UNDER_WAY)) ?? {}).filter(
        ([other]) => other !== id,
      );
      await transaction.settings.set(
        IMPORTS_UNDER_WAY,
        Object.fromEntries(begun === null ? others : [...others, [id, begun]]),
      );
      await note(transaction);
    });

  /** Rows of a file that is not the one whose first rows were taken are of another past. @throws Conflict */
  async function expectSameFile(id: ModelId, { key, version }: FileMark): Promise<void> {
    const begun = await underWay(id);
    const known = begun?.files?.[key];
    if (begun === undefined || known === version) return;
    if (known !== undefined)
      throw new Conflict(
        'the file is not the one whose first rows were imported: it was changed meanwhile. Cancel the import and begin anew',
        'url',
      );
    await mark(id, { ...begun, files: { ...begun.files, [key]: version } }, () => Promise.resolve());
  }

  async function begun(id: ModelId, { purpose, batch, spread, file }: ImportedRows, by: Actor): Promise<Replay> {
    const known = replays.get(id);
    const interrupted = known === undefined && fleet.isLent(id) ? await underWay(id) : undefined;
    const underWayAs = known?.purpose ?? interrupted?.purpose ?? purpose;
    if (underWayAs !== purpose) throw new Conflict(`rows are being imported as ${underWayAs}; finish that first`, 'as');
    if (known !== undefined) return known;
    if (interrupted !== undefined) return opened(await stored(id), interrupted, windowMsFor(batch, spread), null);
    if (fleet.isLent(id)) await fleet.takeBack(id);
    const { model, baseline } = fleet.monitoredModel(id);
    const begunNow = {
      purpose,
      fromMs: spread?.firstMs ?? extentOf(batch).fromMs,
      begunAtMs: clock.now(),
      hadBaseline: baseline !== null,
      ...(file === undefined ? {} : { files: { [file.key]: file.version } }),
    };
    const memory = await fleet.lend(id, (monitored) => refusal(id, purpose, monitored, batch));
    try {
      await mark(id, begunNow, auditNote('import-begun', by, { model: id, as: purpose }));
    } catch (error) {
      // Nothing of the import is stored: the model is watched live again, now or when somebody asks next.
      await fleet.takeBack(id, memory).catch(() => undefined);
      throw error;
    }
    // Also when its first rows are not taken: it is under way, and nobody may come back.
    heard.begin(id, file !== undefined);
    return opened(model, begunNow, windowMsFor(batch, spread), memory);
  }

  /** From here on until it is finished the model belongs to the replay. */
  async function opened(
    model: Model,
    begun: BegunImport,
    windowMs: number,
    memory: BaselineMemory | null,
  ): Promise<Replay> {
    const replay = await openReplay(model, begun, windowMs, memory);
    replays.set(model.id, replay);
    return replay;
  }

  /** The model of an import that was under way when mlfi ended. @throws NotFound */
  async function stored(id: ModelId): Promise<Model> {
    const model = await store.models.get(id);
    if (model === null) throw new NotFound(`there is no model "${id}"; register it again`, 'model');
    return model;
  }

  /** The import that is to be finished, taken up again when mlfi was started anew meanwhile. */
  async function unfinished(id: ModelId): Promise<Replay> {
    const known = replays.get(id);
    if (known !== undefined) return known;
    const begun = await underWay(id);
    if (begun !== undefined) return opened(await stored(id), begun, 0, null);
    if (fleet.isLent(id)) await fleet.takeBack(id);
    throw new NotFound(`no import of "${id}" is under way; send its rows first`, 'model');
  }

  /** @param isWanted whether it still is, asked when nothing else is done with the import any more */
  const cancel = (id: ModelId, by: Actor, isWanted: () => boolean = () => true): Promise<void> =>
    lanes.run(id, async () => {
      if (!isWanted()) return;
      const replay = await unfinished(id);
      const begun = await underWay(id);
      const model = await stored(id);
      const memory = await replay.abandon();
      replays.delete(id);
      const note = auditNote('import-cancelled', by, { model: id, as: replay.purpose });
      await mark(id, null, note, async ({ models }) => {
        if (begun?.hadBaseline === true) return models.forgetHistory(id, begun.begunAtMs);
        await models.remove(id);
        await models.save(model);
      });
      await fleet.takeBack(id, memory);
      heard.end(id);
    });

  async function giveUp(id: ModelId): Promise<void> {
    const begun = await underWay(id);
    logger.warn({ model: id }, 'an import that nothing was heard of is cancelled, and its model is watched again');
    await cancel(id, SYSTEM, () => heard.isIdle(id));
    if (fleet.isLent(id)) return;
    fleet.notes.noteUnwatched(id, { fromMs: begun?.begunAtMs ?? null, toMs: clock.now() });
    toldUntilMs.set(id, clock.now() + GAP_TOLD_MS);
  }

  return {
    take: (id, rows, by) =>
      lanes.run(id, async () => {
        const replay = await begun(id, rows, by);
        if (rows.file !== undefined) await expectSameFile(id, rows.file);
        const result = await replay.take(rows.batch, rows.undatedAtMs, rows.spread);
        heard.begin(id, rows.file !== undefined);
        return result;
      }),
    async taken(id, batch) {
      heard.hear(id);
      const { batchId } = batch;
      const last = batchId === null ? null : await store.batches.find(id, batchId);
      if (batchId === null || last === null) return null;
      const answer = repeated(batch, last);
      if (answer instanceof Conflict) throw answer;
      const parts: IngestResult[] = [];
      for (;;) {
        const part = await store.batches.find(id, partId(batchId, parts.length));
        if (part === null) return { ...answer, ...sumOf([...parts, answer]) };
        parts.push(part.result);
      }
    },
    finish: (id, by) =>
      lanes.run(id, async () => {
        const replay = await unfinished(id);
        const { outcome, memory } = await replay.finish();
        replays.delete(id);
        const { purpose, rows, labels, refused } = outcome.progress;
        await mark(id, null, auditNote('import-finished', by, { model: id, as: purpose, rows, labels, refused }));
        await fleet.takeBack(id, memory);
        heard.end(id);
        return outcome;
      }),
    cancel,
    heard: (id) => heard.hear(id),
    async cancelIdle() {
      for (const id of heard.idle)
        if (!fleet.isLent(id)) heard.end(id);
        // One that fails is tried again at the next turn, and holds up no other.
        else
          await giveUp(id).catch((error: unknown) =>
            logger.error({ model: id, error: String(error) }, 'an idle import could not be cancelled'),
          );
      for (const [id, untilMs] of toldUntilMs)
        if (clock.now() >= untilMs) {
          fleet.notes.noteUnwatched(id, null);
          toldUntilMs.delete(id);
        }
    },
    isUnderWay: (id) => fleet.isLent(id),
    progress: (id) => replays.get(id)?.soFar ?? null,
    async recall() {
      const marked = (await store.settings.get(IMPORTS_UNDER_WAY)) ?? {};
      for (const [name, { files }] of Object.entries(marked)) {
        const id = modelId(name);
        fleet.leaveLent(id);
        heard.begin(id, files !== undefined);
      }
    },
  };
}

/** Why rows cannot become a model's past; null when they can. */
function refusal(
  id: ModelId,
  purpose: ImportPurpose,
  { counters, baseline, learning }: Pick<MonitoredModelView, 'counters' | 'baseline' | 'learning'>,
  batch: IngestBatch,
): Conflict | null {
  if (counters.lastAnswerAtMs !== null || (baseline === null && (learning?.profile.calls ?? 0) > 0))
    return new Conflict(
      `"${id}" has rows of its own already: what comes now would be the past of another model. Import the past first, or under another id; rows that are only late go to …/observations`,
      'model',
    );
  if (purpose === 'baseline' && baseline !== null)
    return new Conflict('this model has a baseline already; POST …/baseline/reset lets it learn anew', 'model');
  const { toMs } = extentOf(batch);
  if (purpose === 'history' && baseline !== null && (toMs ?? -Infinity) < baseline.admittedAtMs)
    return new Conflict(
      'this history is older than the baseline it would be compared with; import the training set with the time it is from',
      'timestamp',
    );
  return null;
}

/** Times of the oldest and the newest row; null without a row. */
function extentOf({ observations }: IngestBatch): { readonly fromMs: number | null; readonly toMs: number | null } {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const { atMs } of observations) [fromMs, toMs] = [Math.min(fromMs, atMs), Math.max(toMs, atMs)];
  return observations.length === 0 ? { fromMs: null, toMs: null } : { fromMs, toMs };
}

/** Long enough for some rows, so that years of little traffic are not as many windows as rows. */
function windowMsFor(batch: IngestBatch, spread: SpreadTimes | null): number {
  const { fromMs, toMs } = extentOf(batch);
  const stepMs = spread?.stepMs ?? ((toMs ?? 0) - (fromMs ?? 0)) / Math.max(1, batch.observations.length);
  return WINDOW_LENGTHS_MS.find((lengthMs) => lengthMs >= stepMs * ROWS_PER_WINDOW) ?? WINDOW_LENGTHS_MS[2];
}
