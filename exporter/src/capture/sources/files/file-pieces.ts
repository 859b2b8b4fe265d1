import type { AsyncBuffer } from 'hyparquet';
import { FileProblem } from '../../../domain/file-problem.js';
import { wholeLines } from '../whole-lines.js';
import { parquetPieces, type ParquetPiece } from './parquet-rows.js';
import { utf8Lines } from './utf8-lines.js';

/** What a file of past rows holds. `json` is one document: an array of rows, or one row. */
export type FileKind = 'csv' | 'tsv' | 'lines' | 'json' | 'parquet';

/** A file, as whoever opens it hands it over. */
export interface OpenFile {
  /** For people. */
  readonly name: string;
  readonly kind: FileKind;
  /** As stored, compressed or not; null for a stream that does not say. */
  readonly sizeBytes: number | null;
  /** The text from its beginning, decompressed; how much was read of what is stored is null where that is the text itself. */
  stream(): { readonly chunks: AsyncIterable<Buffer>; readonly readBytes: (() => number) | null };
  /** Opens any part of a file that is not compressed, for one reading; null where only the stream can be had. */
  readonly parts: (() => Promise<AsyncBuffer>) | null;
  /** `stream` gives what comes next, not the beginning again. */
  readonly isReadOnce: boolean;
  /** What of it may be held at once; absent: as much as one file of the machine's own may need. */
  readonly most?: {
    readonly documentBytes: number;
    readonly parquetPieces: (file: AsyncBuffer, rowsPerPiece: number) => AsyncGenerator<ParquetPiece>;
  };
}

/** Rows that are sent together. */
export interface Piece {
  readonly file: string;
  readonly body: string;
  readonly contentType: string;
  /** At most; lines without a row are among them. */
  readonly rows: number;
  /** What its numbers count. */
  readonly unit: 'line' | 'row';
  /** Of the file, 0–1; null where its length is not known. */
  readonly share: number | null;
}

const CONTENT_TYPES: Readonly<Record<FileKind, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  lines: 'application/x-ndjson',
  json: 'application/json',
  parquet: 'application/json',
};
const KINDS: readonly (readonly [RegExp, FileKind])[] = [
  [/\.(?:csv|data)(?:\.gz)?$/i, 'csv'],
  [/\.tsv(?:\.gz)?$/i, 'tsv'],
  [/\.(?:ndjson|jsonl|log)(?:\.gz)?$/i, 'lines'],
  [/\.json(?:\.gz)?$/i, 'json'],
  [/\.(?:parquet|pq)$/i, 'parquet'],
];

/** By the ending of its name; null for another. */
export const kindOfFile = (name: string): FileKind | null => KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? null;

/** The kind of a stream without a name, by how it begins. */
export function kindOfText(beginning: string): FileKind {
  const text = beginning.replace(/^\uFEFF/, '').trimStart();
  if (text.startsWith('PAR1')) return 'parquet';
  if (text.startsWith('[')) return 'json';
  return text.startsWith('{') ? 'lines' : 'csv';
}

/**
 * Large enough that a request is not the cost, small enough that progress is seen. The command and the service cut files alike, so that the
 * same rows are known whichever way they come.
 */
export const ROWS_PER_PIECE = 5_000;
const LONGEST_PIECE_BYTES = 4 * 1024 * 1024;
const LONGEST_DOCUMENT_BYTES = 256 * 1024 * 1024;
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Cuts a file into pieces of whole rows; the same file is always cut alike. No more than a piece (of Parquet a row group) is held.
 * @throws FileProblem for what cannot be read
 */
export function piecesOf(file: OpenFile, rowsPerPiece: number): AsyncGenerator<Piece> {
  if (file.kind === 'parquet') return parquetFilePieces(file, rowsPerPiece);
  return file.kind === 'json' ? documentPieces(file, rowsPerPiece) : linePieces(file, rowsPerPiece);
}

async function* parquetFilePieces({ name, parts, kind, most }: OpenFile, rowsPerPiece: number): AsyncGenerator<Piece> {
  if (parts === null)
    throw new FileProblem(`${name}: Parquet cannot be read from a stream or compressed; give the file itself`);
  const pieces = (most?.parquetPieces ?? parquetPieces)(await parts(), rowsPerPiece);
  for (;;) {
    const next = await pieces.next().catch((error: unknown) => {
      throw error instanceof FileProblem ? new FileProblem(`${name}: ${error.message}`) : error;
    });
    if (next.done === true) return;
    const { body, rows, share } = next.value;
    yield { file: name, body, contentType: CONTENT_TYPES[kind], rows, unit: 'row', share };
  }
}

async function* linePieces(file: OpenFile, rowsPerPiece: number): AsyncGenerator<Piece> {
  const { name, kind, sizeBytes } = file;
  const isTable = kind !== 'lines';
  const { chunks, readBytes } = file.stream();
  let header: string | null = null;
  let held: Buffer[] = [];
  let [heldBytes, cutBytes, line] = [0, 0, 1];
  const piece = (text: string, rows: number): Piece => ({
    file: name,
    body: header === null ? text : `${header}${text}`,
    contentType: CONTENT_TYPES[kind],
    rows,
    unit: 'line',
    share: sizeBytes === null || sizeBytes === 0 ? null : Math.min(1, (readBytes?.() ?? cutBytes) / sizeBytes),
  });
  const cut = function* (isEnd: boolean): Generator<Piece> {
    let bytes = Buffer.concat(held);
    // Where a piece ends depends on nothing but where it begins, however the chunks come.
    while (bytes.length >= LONGEST_PIECE_BYTES || (isEnd && bytes.length > 0)) {
      const isRest = isEnd && bytes.length <= LONGEST_PIECE_BYTES;
      const mostRows = isTable && header === null ? 1 : rowsPerPiece;
      const whole = wholeLines(bytes.subarray(0, LONGEST_PIECE_BYTES), { isTable, mostRows, takesRest: isRest });
      if (whole.bytes === 0)
        throw new FileProblem(
          `${name}, line ${line}: a line of more than ${LONGEST_PIECE_BYTES / 1024 / 1024} MB, or a quote that is never closed`,
        );
      const text = bytes.subarray(0, whole.bytes).toString('utf8');
      bytes = bytes.subarray(whole.bytes);
      cutBytes += whole.bytes;
      line += text.split('\n').length - 1;
      if (isTable && header === null) header = `${text.replace(BYTE_ORDER_MARK, '').trimEnd()}\n`;
      else if (text.trim() !== '') yield piece(text, whole.lines);
    }
    held = [bytes];
    heldBytes = bytes.length;
  };
  for await (const chunk of utf8Lines(chunks)) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= 2 * LONGEST_PIECE_BYTES) yield* cut(false);
  }
  yield* cut(true);
}

/** One JSON document is read whole. */
async function* documentPieces(file: OpenFile, rowsPerPiece: number): AsyncGenerator<Piece> {
  const { name, kind } = file;
  const mostBytes = file.most?.documentBytes ?? LONGEST_DOCUMENT_BYTES;
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of utf8Lines(file.stream().chunks)) {
    read.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new FileProblem(
        `${name}: one JSON document of more than ${mostBytes / 1024 / 1024} MB; write a row a line (jq -c '.[]') and name it .ndjson`,
      );
  }
  const text = Buffer.concat(read).toString('utf8').replace(BYTE_ORDER_MARK, '');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // A row a line, whatever its name says; else the reader of rows says what is wrong.
    yield {
      file: name,
      body: text,
      contentType: CONTENT_TYPES.lines,
      rows: text.split('\n').length,
      unit: 'line',
      share: 1,
    };
    return;
  }
  if (!Array.isArray(document)) {
    yield { file: name, body: text, contentType: CONTENT_TYPES[kind], rows: 1, unit: 'row', share: 1 };
    return;
  }
  for (let at = 0; at < document.length; at += rowsPerPiece) {
    const rows: readonly unknown[] = document.slice(at, at + rowsPerPiece);
    const share = (at + rows.length) / document.length;
    yield {
      file: name,
      body: JSON.stringify(rows),
      contentType: CONTENT_TYPES[kind],
      rows: rows.length,
      unit: 'row',
      share,
    };
  }
}
