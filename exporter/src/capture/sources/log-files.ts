import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isAppError } from '../../domain/errors.js';
import type { ModelId } from '../../domain/identifiers.js';
import type { IngestBatch, RowTaker } from '../../domain/ingest.js';
import type { Clock, Logger, SettingRepository } from '../../domain/ports.js';
import { setting } from '../../domain/setting.js';
import type { RefusedLogLine } from '../../domain/log-position.js';
import type { BatchReader } from '../ingest/batch-reader.js';
import { FileFingerprints, type FileReader } from './file-fingerprint.js';
import { lineEnds, offsetOfLine, RefusedLines } from './refused-lines.js';
import { behindHole, headerOf, HOLES, LONGEST_LINE_BYTES, PIECE_BYTES, pieceEnd } from './log-pieces.js';

/** A folder whose files are logs of one model: appended to, or dropped whole. */
export interface LogFolder {
  /** Absolute path. */
  readonly directory: string;
  readonly model: ModelId;
}

export interface LogFile {
  /** Without the folder. */
  readonly name: string;
  /** What the file is whatever it is called: device, inode and time of birth. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
}

/** Stays the file that was opened, whatever is called so by now. */
export interface OpenLogFile {
  readonly stat: () => Promise<Omit<LogFile, 'name'>>;
  readonly read: FileReader;
  readonly close: () => Promise<void>;
}

export interface LogFilePorts {
  /** Regular files of a folder, none below it. @throws when it cannot be listed */
  readonly list: (directory: string) => Promise<readonly LogFile[]>;
  /** Null where it is gone. */
  readonly open: (path: string) => Promise<OpenLogFile | null>;
  readonly batches: Pick<BatchReader, 'read'>;
  readonly models: RowTaker;
  readonly rowsPerBatch: () => number;
  readonly settings: SettingRepository;
  /** Keyed, with a key that stays. */
  readonly hash: (text: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How a look at all folders of a model went. */
  readonly told: (model: ModelId, reading: LogReading) => void;
}

export interface LogReading {
  /** Bytes that are not taken yet; null while a folder cannot be listed: nobody knows. */
  readonly waitingBytes: number | null;
  /** Since when a look has failed to read a folder or a file; null when the last one failed nowhere. */
  readonly unreadSinceMs: number | null;
  /** The newest line that was refused; null for none of late. */
  readonly refused: RefusedLogLine | null;
}

/** How far a file is read. */
interface Position {
  readonly offset: number;
  /** End of the piece that is being taken; the same piece is taken again after a crash, under the same id. Null between two. */
  readonly end: number | null;
  readonly seenAtMs: number;
  /** By what the file is known again, as it was changed last; absent where an earlier mlfi read it. */
  readonly known?: { readonly fingerprint: string; readonly changedAtMs: number } | undefined;
  /** As its name said before it was rotated away; absent where an earlier mlfi read it. */
  readonly isTable?: boolean | undefined;
}

/** Bytes of a file that are taken together. */
interface FilePiece {
  readonly key: string;
  readonly file: string;
  readonly offset: number;
  readonly end: number;
  readonly type: string;
  readonly model: ModelId;
}

/** Positions in log files, by what the file is. Nothing of what is in a file: a first line may be a row. */
export const LOG_FILE_POSITIONS = setting<Readonly<Record<string, Position>>>(
  'log-file-positions',
  z.record(
    z.string(),
    z.object({
      offset: z.number(),
      end: z.number().nullable(),
      seenAtMs: z.number(),
      known: z.object({ fingerprint: z.string(), changedAtMs: z.number() }).optional(),
      isTable: z.boolean().optional(),
    }),
  ),
);

/** A last line without its end is taken when nothing was written for so long. */
const SETTLED_MS = 60_000;
/** Positions of files that are gone are kept as long as ids of batches are by default. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
const [TABLE, LINES] = ['text/csv', 'application/x-ndjson'];
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.(?:csv|tsv)$/i, TABLE],
  [/\.(?:ndjson|jsonl|log)$/i, LINES],
];
const COMPRESSED = /\.(?:gz|bz2|xz|zst|zip)$/i;

const keyOf = (model: ModelId, { identity }: LogFile): string => `${model}:${identity}`;

/** By its name, or as what it was read before it was rotated away; undefined for a copy of a log, and all that is none. */
function kindOf({ name }: LogFile, last: Position | undefined): string | undefined {
  const named = KINDS.find(([pattern]) => pattern.test(name))?.[1];
  if (named !== undefined || last === undefined || COMPRESSED.test(name)) return named;
  return (last.isTable ?? /\.[ct]sv\b/i.test(name)) ? TABLE : LINES;
}

/** Nothing can have been written since the last look. */
const isDone = (file: LogFile, last: Position, nowMs: number): boolean =>
  last.end === null &&
  last.offset === file.sizeBytes &&
  last.known?.changedAtMs === file.changedAtMs &&
  nowMs - file.changedAtMs >= SETTLED_MS;

/** What is written in files and not taken yet: rows that cannot be, and those that wait for the rest of their line. */
function unreadBytes(files: readonly LogFile[], model: ModelId, positions: ReadonlyMap<string, Position>): number {
  const unread = new Map<string, number>();
  for (const file of files) {
    const last = positions.get(keyOf(model, file));
    const { offset } = last ?? { offset: 0 };
    if (kindOf(file, last) === undefined) continue;
    unread.set(file.identity, offset > file.sizeBytes ? file.sizeBytes : file.sizeBytes - offset);
  }
  return [...unread.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Reads folders of log files, each row once: what a piece of a file is, is stored before it is taken, and it is taken under an
 * id of its own, so that a crash between the two repeats it and the repetition counts nothing.
 */
export class LogFiles {
  private positions: Map<string, Position> | null = null;
  private readonly told = new Set<string>();
  private readonly fingerprints: FileFingerprints;
  /** Those that are missing once may have been renamed while their folder was listed, or moved into another. */
  private readonly lastSeen = new Map<string, { directory: string; file: LogFile; isMissing: boolean }>();
  private readonly refused = new RefusedLines();
  private readonly unreadSinceMs = new Map<ModelId, number>();

  constructor(
    private readonly ports: LogFilePorts,
    private readonly folders: readonly LogFolder[],
  ) {
    this.fingerprints = new FileFingerprints(ports.hash);
  }

  /** Takes everything that was written since the last time. One folder's trouble is not the others'. */
  async refresh(): Promise<void> {
    const positions = (this.positions ??= new Map(
      Object.entries((await this.ports.settings.get(LOG_FILE_POSITIONS)) ?? {}),
    ));
    for (const model of new Set(this.folders.map((folder) => folder.model))) {
      let waitingBytes: number | null = 0;
      let hasFailed = false;
      for (const folder of this.folders.filter((each) => each.model === model)) {
        const read = await this.readFolder(folder, positions);
        waitingBytes = waitingBytes === null || read.waitingBytes === null ? null : waitingBytes + read.waitingBytes;
        hasFailed ||= read.hasFailed;
      }
      if (!hasFailed) this.unreadSinceMs.delete(model);
      else if (!this.unreadSinceMs.has(model)) this.unreadSinceMs.set(model, this.ports.clock.now());
      this.ports.told(model, {
        waitingBytes,
        unreadSinceMs: this.unreadSinceMs.get(model) ?? null,
        refused: this.refused.of(model, this.ports.clock.now()),
      });
    }
  }

  private async readFolder(
    { directory, model }: LogFolder,
    positions: Map<string, Position>,
  ): Promise<Pick<LogReading, 'waitingBytes'> & { readonly hasFailed: boolean }> {
    let files: readonly LogFile[] | null = null;
    let hasFailed = false;
    try {
      files = [...(await this.ports.list(directory))].sort((a, b) => (a.name < b.name ? -1 : 1));
      this.tellGone(files, directory, model, positions);
      await this.readFiles(files, directory, model, positions);
    } catch (error) {
      hasFailed = true;
      this.ports.logger.error({ model, error: String(error) }, 'a folder of log files cannot be read');
    }
    return { waitingBytes: files === null ? null : unreadBytes(files, model, positions), hasFailed };
  }

  /** @throws what the first file failed with */
  private async readFiles(
    files: readonly LogFile[],
    directory: string,
    model: ModelId,
    positions: Map<string, Position>,
  ): Promise<void> {
    if (!this.ports.models.has(model)) throw new Error(`the model "${model}" is not watched`);
    const nowMs = this.ports.clock.now();
    let failed: Error | null = null;
    for (const file of files) {
      const last = positions.get(keyOf(model, file));
      const type = kindOf(file, last);
      if (type === undefined) {
        this.tellOnce(file.name, model);
        continue;
      }
      try {
        if (last !== undefined && nowMs - last.seenAtMs > FORGOTTEN_AFTER_MS / 7)
          await this.keep(positions, keyOf(model, file), { ...last, seenAtMs: nowMs });
        if (last !== undefined && isDone(file, last, nowMs)) continue;
        await this.openFile(`${directory}/${file.name}`, file, type, model, positions);
      } catch (error) {
        // Where rows are not taken, those of another file are not either.
        if (isAppError(error)) throw error;
        failed ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    for (const [key, { seenAtMs }] of positions) if (nowMs - seenAtMs > FORGOTTEN_AFTER_MS) positions.delete(key);
    if (failed !== null) throw failed;
  }

  /** Reads a file if it is still the one that was listed under its name; the next look sees what it is called now. */
  private async openFile(
    path: string,
    listed: LogFile,
    type: string,
    model: ModelId,
    positions: Map<string, Position>,
  ): Promise<void> {
    const opened = await this.ports.open(path);
    if (opened === null) return;
    try {
      const { identity, sizeBytes, changedAtMs } = await opened.stat();
      if (identity !== listed.identity) return;
      const file = { ...listed, sizeBytes: Math.min(sizeBytes, listed.sizeBytes), changedAtMs };
      await this.readFile(keyOf(model, file), opened.read, file, type, model, positions);
    } finally {
      await opened.close();
    }
  }

  private async readFile(
    key: string,
    read: FileReader,
    file: LogFile,
    type: string,
    model: ModelId,
    positions: Map<string, Position>,
  ): Promise<void> {
    const nowMs = this.ports.clock.now();
    const isSettled = nowMs - file.changedAtMs >= SETTLED_MS;
    const last = positions.get(key);
    const isTable = type === TABLE;
    let at = await this.positionIn(read, file, last, nowMs, isSettled);
    if (at.isTable !== isTable) at = { ...at, isTable };
    // Kept at first sight, too: it may be rotated away before anything of it is taken.
    if (at !== last) await this.keep(positions, key, at);
    const cutting = { isTable, mostRows: Math.max(1, this.ports.rowsPerBatch() - 1) };
    const beginning =
      isTable && at.offset < file.sizeBytes ? await behindHole(read, 0, file.sizeBytes) : file.sizeBytes;
    let header = at.offset > beginning ? await headerOf(read, beginning) : '';
    while (at.offset < file.sizeBytes) {
      const offset = at.end === null ? await behindHole(read, at.offset, file.sizeBytes) : at.offset;
      const end = at.end ?? (await pieceEnd(read, offset, file.sizeBytes, { ...cutting, takesRest: isSettled }));
      if (end === null) break;
      at = { ...at, offset };
      const known = { fingerprint: await this.fingerprints.of(read, end), changedAtMs: file.changedAtMs };
      await this.keep(positions, key, { ...at, end, seenAtMs: nowMs, known });
      const isOverlong = end - at.offset > LONGEST_LINE_BYTES;
      const bytes = isOverlong ? Buffer.alloc(0) : await read(at.offset, end - at.offset);
      const piece = { key, file: file.name, offset: at.offset, end, type, model };
      if (isOverlong) await this.refuseLine(piece);
      else await this.takePiece(piece, header, bytes);
      if (isTable && header === '') header = await headerOf(read, beginning);
      at = { ...at, end: null, offset: end, known };
      await this.keep(positions, key, at);
      // Rows may be taken so slowly that the file is rotated meanwhile; the next look sees what it is now.
      if (end < file.sizeBytes && !(await this.fingerprints.isStill(read, end, known.fingerprint))) break;
    }
  }

  /** Where a file is read on: at its beginning where it is new, or was written anew since. */
  private async positionIn(
    read: FileReader,
    { sizeBytes, changedAtMs }: LogFile,
    last: Position | undefined,
    nowMs: number,
    isSettled: boolean,
  ): Promise<Position> {
    const beginning: Position = { offset: 0, end: null, seenAtMs: nowMs };
    if (last === undefined || sizeBytes < last.offset) return beginning;
    const { known } = last;
    if (known !== undefined && isSettled && known.changedAtMs === changedAtMs) return last;
    const bytes = last.end ?? last.offset;
    if (known !== undefined && !(await this.fingerprints.isStill(read, bytes, known.fingerprint))) return beginning;
    if (known !== undefined && !isSettled) return last;
    return { ...last, known: { fingerprint: await this.fingerprints.of(read, bytes), changedAtMs } };
  }

  /** A line that is too long to be read is one refused row. */
  private async refuseLine(from: FilePiece): Promise<void> {
    const { key, offset, end, type } = from;
    const reason = type === TABLE ? 'not_csv' : 'not_json';
    const message = `the line is longer than ${LONGEST_LINE_BYTES / PIECE_BYTES} MiB`;
    const piece = createHash('sha256').update(`${key}\n${offset}\n${end}`).digest('hex');
    await this.take(from, () => offset, piece, null, {
      observations: [],
      labels: [],
      rejected: 1,
      rejectedByReason: { [reason]: 1 },
      errors: [{ line: 1, rows: 1, field: '', reason, message }],
      notes: [],
    });
  }

  private async takePiece(from: FilePiece, header: string, bytes: Buffer): Promise<void> {
    const { key, offset, end, type, model } = from;
    const body = (header + bytes.toString('utf8')).replace(HOLES, '');
    const digest = createHash('sha256').update(body).digest('hex');
    // A file that is written anew has the same places, but not the same text.
    const piece = createHash('sha256').update(`${key}\n${offset}\n${end}\n${digest}`).digest('hex');
    const batch = this.ports.batches.read(body, type, this.ports.clock.now(), model);
    if (batch.observations.length + batch.labels.length + batch.rejected === 0) return;
    const offsetOf = (line: number): number => offset + offsetOfLine(bytes, line - lineEnds(header));
    await this.take(from, offsetOf, piece, digest, batch);
  }

  private async take(
    { key, file, model }: FilePiece,
    offsetOf: (line: number) => number,
    piece: string,
    bodyDigest: string | null,
    batch: Omit<IngestBatch, 'batchId' | 'bodyDigest' | 'acknowledge'>,
  ): Promise<void> {
    const named = { sender: `file ${key}`, batchId: `file:${piece}`, bodyDigest };
    const { rejected, errors } = await this.ports.models.ingest(model, { ...batch, ...named, acknowledge: 'commit' });
    const [first] = errors;
    if (rejected === 0 || first === undefined) return;
    const { reason, field } = first;
    const offset = offsetOf(first.line);
    this.refused.note(model, { atMs: this.ports.clock.now(), file, offset, reason, field });
    this.ports.logger.warn(
      { model, file, offset, refused: rejected, reason, field },
      'rows of a log file were refused; the first begins at this byte of it',
    );
  }

  private async keep(positions: Map<string, Position>, key: string, position: Position): Promise<void> {
    positions.set(key, position);
    await this.ports.settings.set(LOG_FILE_POSITIONS, Object.fromEntries(positions));
  }

  /** What was written to a file between the last look and its end is nobody's to read any more. */
  private tellGone(
    files: readonly LogFile[],
    directory: string,
    model: ModelId,
    positions: ReadonlyMap<string, Position>,
  ): void {
    const there = new Set(files.map(({ identity }) => identity));
    const gone: LogFile[] = [];
    for (const [key, seen] of this.lastSeen) {
      const { file, isMissing } = seen;
      if (seen.directory !== directory || key !== keyOf(model, file) || there.has(file.identity)) continue;
      const last = positions.get(key);
      const hasRest = kindOf(file, last) !== undefined && !(last && isDone(file, last, this.ports.clock.now()));
      if (isMissing || !hasRest) this.lastSeen.delete(key);
      else this.lastSeen.set(key, { ...seen, isMissing: true });
      if (isMissing && hasRest) gone.push(file);
    }
    for (const file of files) this.lastSeen.set(keyOf(model, file), { directory, file, isMissing: false });
    if (gone.length > 0)
      this.ports.logger.warn(
        { model, files: gone.length, unreadBytes: unreadBytes(gone, model, positions) },
        'log files are gone from their folder before they were at rest: what was written since the last look is lost',
      );
  }

  private tellOnce(name: string, model: ModelId): void {
    const ending = /\.[^.]{1,20}$/.exec(name)?.[0] ?? '';
    if (this.told.has(ending)) return;
    this.told.add(ending);
    this.ports.logger.warn({ model, ending }, 'files of this ending are not read; csv, tsv, ndjson, jsonl and log are');
  }
}
