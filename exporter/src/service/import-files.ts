/** Opens files of past rows for `mlfi import`, where the command runs. */
import { basename, join } from 'node:path';
import { asyncBufferFromFile } from 'hyparquet';
import { BatchReader } from '../capture/ingest/batch-reader.js';
import {
  kindOfFile,
  kindOfText,
  piecesOf,
  ROWS_PER_PIECE,
  type FileKind,
  type OpenFile,
  type Piece,
} from '../capture/sources/files/file-pieces.js';
import { previewOf } from '../capture/sources/files/preview.js';
import type { ImportSource } from '../cli/commands.js';
import type { ImportPreview } from '../domain/import-preview.js';
import { DEFAULT_INTAKE_LIMITS } from '../domain/ingest.js';
import type { Clock } from '../domain/ports.js';
import { fileStream, whatIsAt, type FileStream } from '../system/file-stream.js';
import { listFolder } from '../system/folder.js';
import { systemClock } from '../system/system-clock.js';

/**
 * The files that paths name: of a folder those whose ending is known, by name. `-` is standard input.
 * @throws Error in words for a path that cannot be read, or whose ending says nothing
 */
export async function openImport(
  paths: readonly string[],
  asKind: FileKind | null,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<ImportSource> {
  const files: OpenFile[] = [];
  for (const path of paths) files.push(...(await filesAt(path, asKind)));
  if (files.length === 0)
    throw new Error(`nothing to import in ${paths.join(', ')}: csv, tsv, ndjson, jsonl, json and parquet are read`);
  // Of what can be read but once the piece that was shown is gone on with; of the others nothing is held.
  const begun = new Map<OpenFile, AsyncGenerator<Piece>>();
  return {
    files: files.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    async preview(model, said) {
      const batches = new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() }));
      const previews: ImportPreview[] = [];
      for (const file of files) {
        const pieces = piecesOf(file, ROWS_PER_PIECE);
        const first: IteratorResult<Piece, unknown> = await pieces.next();
        if (first.done === true) continue;
        previews.push(previewOf(first.value, batches, model, said, clock.now()));
        if (file.isReadOnce) begun.set(file, from(first.value, pieces));
        else await pieces.return(undefined);
      }
      return previews;
    },
    async *pieces() {
      for (const file of files) yield* begun.get(file) ?? piecesOf(file, ROWS_PER_PIECE);
    },
  };
}

async function* from(first: Piece, rest: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  yield first;
  yield* rest;
}

async function filesAt(path: string, asKind: FileKind | null): Promise<readonly OpenFile[]> {
  if (path === '-') return [await standardInput(asKind)];
  const { isFolder, sizeBytes } = await whatIsAt(path).catch(() => {
    throw new Error(`${path}: there is no such file or folder`);
  });
  if (!isFolder) return [await openFile(path, sizeBytes, asKind)];
  const inside = [...(await listFolder(path))].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(
    inside
      .filter(({ name }) => kindOfFile(name) !== null)
      .map((file) => openFile(join(path, file.name), file.sizeBytes, null)),
  );
}

async function openFile(path: string, sizeBytes: number, asKind: FileKind | null): Promise<OpenFile> {
  const kind = asKind ?? kindOfFile(path);
  if (kind === null)
    throw new Error(`${path}: its ending does not say what it holds; say --format csv, tsv, lines, json or parquet`);
  const parts = kind === 'parquet' ? () => asyncBufferFromFile(path) : null;
  return { name: basename(path), kind, sizeBytes, stream: () => fileStream(path), parts, isReadOnce: false };
}

async function standardInput(asKind: FileKind | null): Promise<OpenFile> {
  const { chunks, readBytes } = fileStream('-');
  const reading = chunks[Symbol.asyncIterator]();
  const begun = await reading.next();
  const kind = asKind ?? kindOfText(begun.done === true ? '' : begun.value.subarray(0, 100).toString('utf8'));
  const all = async function* (): AsyncGenerator<Buffer> {
    for (let next = begun; next.done !== true; next = await reading.next()) yield next.value;
  };
  const stream: FileStream = { chunks: all(), readBytes };
  return { name: 'standard input', kind, sizeBytes: null, stream: () => stream, parts: null, isReadOnce: true };
}
