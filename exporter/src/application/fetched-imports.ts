import type { Actor } from '../domain/actor.js';
import { batchDigest, partOfFileId } from '../domain/batch-identity.js';
import { Conflict, isAppError, NotFound, TooManyRequests } from '../domain/errors.js';
import { mappingFrom, NO_MAPPING, type MappedRole } from '../domain/field-mapping.js';
import { FileProblem } from '../domain/file-problem.js';
import type { FetchedImport, FetchedPreview, FetchRequest } from '../domain/fetched-import.js';
import type { ModelId } from '../domain/identifiers.js';
import { slipText, whyNotImportable, type ImportPreview, type WaysToSay } from '../domain/import-preview.js';
import type { IngestResult } from '../domain/ingest.js';
import type { PastFile, PastPiece } from '../domain/past-file.js';
import { shownAddress } from '../domain/shown-address.js';
import type { ImportUseCases } from './imports.js';
import type { ApplicationPorts } from './ports.js';

export interface FetchedImportUseCases {
  /** How the files would be read; nothing of them is stored, and the model need not be there yet. @throws Conflict for what cannot be fetched, or TooManyRequests */
  preview(id: ModelId, request: FetchRequest): Promise<readonly FetchedPreview[]>;
  /**
   * Begins to fetch and import files, one after the other, and finishes the import behind the last.
   * @throws NotFound, Conflict while another one of the model runs, or TooManyRequests
   */
  start(id: ModelId, request: FetchRequest, by: Actor): Promise<FetchedImport>;
  /** The newest of a model since mlfi was started; null for none. */
  newest(id: ModelId): FetchedImport | null;
  /** Of a model that is removed nothing is told to another of its name. */
  forget(id: ModelId): void;
  /** @throws Conflict while files of the model are fetched */
  expectNone(id: ModelId): void;
  /** Ends it where it is. @returns whether one ran @throws Conflict for one that was finished meanwhile */
  cancel(id: ModelId): Promise<boolean>;
  /** Ends all of them; what they brought stays, and is gone on with when they are asked for again. */
  stop(): Promise<void>;
}

const MOST_AT_ONCE = 4;
const MOST_KEPT = 100;
const MOST_SLIPS = 10;
const DAY_MS = 86_400_000;
const PREVIEW_WITHIN_MS = 60_000;
/** A store that cannot be written, or an intake that is full, is waited for this long. */
const WAITED_MS = 300_000;
const PAUSE_MS = 1_000;
const WAYS: WaysToSay = {
  map: (said) => (said === '' ? 'map: ' : `"map": "${said}"`),
  times: '"first_ms" and "rows_per_day"',
};

/** Ended on purpose. */
class Ended extends Error {}

interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  state: FetchedImport;
}

/** @returns the use cases of imports whose files mlfi fetches itself */
export function fetchedImportUseCases({
  imports,
  pastFiles,
  fleet,
  clock,
  logger,
  auditNote,
  store,
}: Pick<ApplicationPorts, 'pastFiles' | 'fleet' | 'clock' | 'logger' | 'auditNote' | 'store'> & {
  readonly imports: ImportUseCases;
}): FetchedImportUseCases {
  const runs = new Map<ModelId, Run>();
  let previews = 0;
  const isFinished = ({ state }: Run): boolean => state.state === 'finished';
  const isRunning = (id: ModelId): boolean => runs.get(id)?.state.state === 'running';
  const require = (id: ModelId): void => {
    if (imports.isUnderWay(id)) return;
    if (!fleet.has(id))
      throw new NotFound(`there is no model "${id}"; POST /api/v1/models {"id": "${id}"} makes it`, 'model');
    fleet.monitoredModel(id);
  };
  /** Each of them holds a part of a file. */
  const expectTurn = (): void => {
    const running = [...runs.values()].filter(({ state }) => state.state === 'running').length;
    if (running + previews >= MOST_AT_ONCE)
      throw new TooManyRequests(
        `files of ${MOST_AT_ONCE} imports and previews are fetched at once; wait for one of them`,
        30,
      );
  };
  const expectNone = (id: ModelId): void => {
    if (isRunning(id))
      throw new Conflict('files are being fetched for this import; wait for it, or cancel it', 'model');
  };

  /** @throws Conflict for one that cannot be fetched, or is not the one that was shown */
  async function opened(
    id: ModelId,
    { files, format }: FetchRequest,
    signal: AbortSignal,
  ): Promise<readonly PastFile[]> {
    const found: PastFile[] = [];
    for (const { url, version } of files) {
      imports.heard(id);
      const file = await named(url, signal, () => pastFiles.open(url, format, signal));
      if (version !== null && version !== file.mark.version)
        throw new Conflict(`${file.name} is not the file that was shown: it was changed since`, 'version');
      found.push(file);
    }
    return found;
  }

  async function previewed(
    id: ModelId,
    files: readonly PastFile[],
    map: string | null,
  ): Promise<readonly ImportPreview[]> {
    const previews: ImportPreview[] = [];
    for (const file of files) {
      imports.heard(id);
      const preview = await file.preview(id, saidOf(map));
      if (preview !== null) previews.push(preview);
    }
    return previews;
  }

  async function fetchAll(id: ModelId, run: Run, request: FetchRequest, by: Actor): Promise<void> {
    const { purpose, map, spread } = request;
    const files = await opened(id, request, run.stop.signal);
    const problem = whyNotImportable(purpose, spread !== null, await previewed(id, files, map), WAYS);
    if (problem !== null) throw new FileProblem(problem);
    const sizes = files.map(({ sizeBytes }) => sizeBytes);
    const whole = sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0);
    let rowsBefore = 0;
    let sizeBefore = 0;
    for (const [at, file] of files.entries()) {
      run.state = { ...run.state, file: file.name, filesDone: at };
      let place = 0;
      for await (const piece of file.pieces()) {
        run.stop.signal.throwIfAborted();
        const taken = await persistently(
          () => take(id, request, by, { file, piece, place, rowsBefore }),
          run.stop.signal,
        );
        run.state = withTaken(run.state, file.name, place, taken);
        place += piece.rows;
        rowsBefore += piece.rows;
        const size = file.sizeBytes ?? 0;
        const share =
          whole === null || whole === 0 || piece.share === null ? null : (sizeBefore + piece.share * size) / whole;
        run.state = { ...run.state, share: share === null ? null : Math.min(1, share) };
      }
      sizeBefore += file.sizeBytes ?? 0;
    }
    run.stop.signal.throwIfAborted();
    const { rows, repeated } = run.state;
    run.state = { ...run.state, filesDone: files.length, share: 1 };
    const outcome = rows > 0 && repeated === rows && !imports.isUnderWay(id) ? null : await imports.finish(id, by);
    run.state = { ...run.state, outcome };
  }

  async function take(
    id: ModelId,
    { purpose, map, spread }: FetchRequest,
    by: Actor,
    { file, piece, place, rowsBefore }: { file: PastFile; piece: PastPiece; place: number; rowsBefore: number },
  ): Promise<IngestResult> {
    const { body, contentType } = piece;
    const said = saidOf(map);
    const identity = {
      batchId: partOfFileId(purpose, place, map, body),
      bodyDigest: batchDigest(body, 'imports', said, contentType),
    };
    const known = await imports.taken(id, identity);
    if (known !== null) return known;
    const undatedAtMs = clock.now();
    const batch = {
      ...pastFiles.readRows(piece, undatedAtMs, id, said),
      ...identity,
      acknowledge: 'commit' as const,
    };
    const stepMs = DAY_MS / (spread?.rowsPerDay ?? 1);
    return imports.take(
      id,
      {
        ...{ purpose, batch, undatedAtMs, file: file.mark },
        spread: spread === null ? null : { firstMs: Math.round(spread.firstMs + rowsBefore * stepMs), stepMs },
      },
      by,
    );
  }

  async function persistently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const untilMs = clock.now() + WAITED_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const isPassing = isAppError(error) && (error.kind === 'unavailable' || error.kind === 'too-many-requests');
        if (!isPassing || clock.now() > untilMs) throw error;
        await clock.sleep(PAUSE_MS, signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Never rejects: what became of it is told by its state. */
  async function ran(id: ModelId, run: Run, request: FetchRequest, by: Actor): Promise<void> {
    const addresses = request.files.map(({ url }) => shownAddress(url));
    try {
      await fetchAll(id, run, request, by);
      run.state = { ...run.state, state: 'finished', endedAtMs: clock.now() };
    } catch (error) {
      const isEnded = run.stop.signal.reason instanceof Ended;
      const problem = isEnded
        ? null
        : run.stop.signal.aborted
          ? 'it took longer than imports.maximum_time'
          : wordsOf(error);
      const { file } = run.state;
      run.state = {
        ...run.state,
        state: isEnded ? 'cancelled' : 'failed',
        problem: problem === null || file === null || problem.includes(file) ? problem : `${file}: ${problem}`,
        endedAtMs: clock.now(),
      };
      const rest = imports.isUnderWay(id)
        ? ': the model is not watched until they are asked for again, the import is cancelled, or an hour has passed'
        : '';
      if (problem !== null)
        logger.warn({ model: id, addresses, problem }, `files of past rows could not be imported whole${rest}`);
    }
  }

  /** @param recorded resolves once it is on record, before which nothing is fetched */
  function begin(id: ModelId, request: FetchRequest, by: Actor, recorded: Promise<unknown>): Run {
    const stop = new AbortController();
    const startedAtMs = clock.now();
    const run: { -readonly [name in keyof Run]: Run[name] } = {
      stop,
      done: Promise.resolve(),
      state: {
        ...{ state: 'running', purpose: request.purpose, startedAtMs, endedAtMs: null, problem: null, outcome: null },
        files: request.files.map(({ url }) => shownAddress(url)),
        ...{
          filesDone: 0,
          file: null,
          rows: 0,
          labels: 0,
          repeated: 0,
          refused: 0,
          share: null,
          errors: [],
          notes: [],
        },
      },
    };
    const timer = setTimeout(() => stop.abort(new Error('it took too long')), pastFiles.mostMs());
    run.done = recorded
      .then(
        () => ran(id, run, request, by),
        (error: unknown) => {
          runs.delete(id);
          throw error;
        },
      )
      .finally(() => clearTimeout(timer));
    run.done.catch(() => undefined);
    return run;
  }

  return {
    async preview(id, request) {
      expectTurn();
      previews += 1;
      const stop = AbortSignal.timeout(PREVIEW_WITHIN_MS);
      try {
        const files = await opened(id, request, stop);
        const shown: FetchedPreview[] = [];
        for (const [at, file] of files.entries()) {
          const url = shownAddress(request.files[at]?.url ?? '');
          const preview = await file.preview(id, saidOf(request.map));
          shown.push({ url, name: file.name, version: file.mark.version, sizeBytes: file.sizeBytes, preview });
        }
        return shown;
      } catch (error) {
        if (stop.aborted) throw new Conflict(`the files did not come within ${PREVIEW_WITHIN_MS / 1_000} s`, 'url');
        if (isAppError(error)) throw error;
        throw new Conflict(wordsOf(error), 'url');
      } finally {
        previews -= 1;
      }
    },
    async start(id, request, by) {
      require(id);
      expectNone(id);
      expectTurn();
      const addresses = request.files.map(({ url }) => shownAddress(url));
      const recorded = store.governance(auditNote('import-fetched', by, { model: id, as: request.purpose, addresses }));
      const run = begin(id, request, by, recorded);
      runs.delete(id);
      runs.set(id, run);
      for (const [other, { state }] of runs) if (runs.size > MOST_KEPT && state.state !== 'running') runs.delete(other);
      await recorded;
      return run.state;
    },
    newest: (id) => runs.get(id)?.state ?? null,
    forget: (id) => void runs.delete(id),
    expectNone,
    async cancel(id) {
      const run = runs.get(id);
      if (run?.state.state !== 'running') return false;
      run.stop.abort(new Ended('cancelled'));
      await run.done;
      if (isFinished(run)) throw new Conflict('it was finished before it could be cancelled', 'model');
      return true;
    },
    async stop() {
      for (const { stop } of runs.values()) stop.abort(new Ended('mlfi is stopping'));
      await Promise.allSettled([...runs.values()].map(({ done }) => done));
    },
  };
}

/** What is told of an error: of those that are not ours only the kind, since their text may hold what the file holds. */
function wordsOf(error: unknown): string {
  if (isAppError(error) || error instanceof FileProblem) return error.message;
  return `mlfi could not read it (${error instanceof Error ? error.name : typeof error})`;
}

/** @throws what the work throws, with which file it is of */
async function named<T>(url: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof FileProblem)) throw error;
    throw new FileProblem(`${shownAddress(url)}: ${error.message}`);
  }
}

const saidOf = (map: string | null): ReadonlyMap<string, MappedRole> =>
  (map === null ? null : mappingFrom(map)) ?? NO_MAPPING.fields;

/** What a part brought, added to what came before. */
function withTaken(state: FetchedImport, file: string, place: number, taken: IngestResult): FetchedImport {
  const notes = [...state.notes];
  for (const { reason, field, message, rows } of taken.notes) {
    const at = notes.findIndex((note) => note.reason === reason && note.field === field);
    const before = notes[at];
    if (before === undefined) notes.push({ reason, field, message, rows });
    else notes[at] = { ...before, rows: before.rows + rows };
  }
  const slips = taken.errors.slice(0, 3).map((slip) => ({
    ...{ file, row: place + slip.line, rows: slip.rows, message: slipText(slip) },
  }));
  return {
    ...state,
    rows: state.rows + taken.accepted,
    labels: state.labels + taken.labelsMatched + taken.labelsUnmatched,
    repeated: state.repeated + (taken.duplicate ? taken.accepted : 0),
    refused: state.refused + taken.rejected,
    errors: [...state.errors, ...slips].slice(0, MOST_SLIPS),
    notes: notes.slice(0, 2 * MOST_SLIPS),
  };
}
