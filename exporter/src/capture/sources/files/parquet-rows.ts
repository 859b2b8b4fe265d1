import {
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  type ParquetReadOptions,
  type RowGroup,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { FileProblem } from '../../../domain/file-problem.js';

/** Rows of a Parquet file, as pandas writes them with `orient='split'`: a body that the JSON format reads as a table. */
export interface ParquetPiece {
  readonly body: string;
  readonly rows: number;
  /** Of the whole file, up to the end of this piece. */
  readonly share: number;
}

/** So many cells, or fewer rows than are asked for: who reads them has no turn to spare for more at once. */
const CELLS_PER_PIECE = 250_000;

/** What a row group may have that is read whole. */
export interface LargestGroup {
  /** Compressed or not. */
  readonly bytes: number;
  readonly cells: number;
}

/**
 * Reads a Parquet file row group by row group, so that a row group is what is held of it.
 * @param mostRows a file that says it has more is not read
 * @throws FileProblem when it is no Parquet file, encrypted, too long, or shorter than it says
 */
export async function* parquetPieces(
  file: AsyncBuffer,
  rowsPerPiece: number,
  mostRows = Infinity,
  largest: LargestGroup | null = null,
): AsyncGenerator<ParquetPiece> {
  const metadata = await metadataOf(file);
  const claimed = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (claimed > mostRows) throw new FileProblem(`it says that it has ${claimed} rows; ${mostRows} are taken at once`);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const total = Number(metadata.num_rows);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    if (largest !== null) expectNotLarger(group, columns.length, largest);
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks = new Map(columns.map((name): [string, ArrayLike<unknown>[]] => [name, []]));
    const place = { rowStart, rowEnd };
    const read = (of: readonly string[], onChunk: ParquetReadOptions['onChunk']): Promise<void> =>
      parquetRead({ file, metadata, ...place, compressors, columns: [...of], ...(onChunk && { onChunk }) });
    try {
      await read(columns, ({ columnName, columnData }) => void chunks.get(columnName)?.push(columnData));
    } catch (error) {
      throw await columnProblem(error, columns, (name) => read([name], () => undefined));
    }
    for (const [name, each] of chunks)
      if (each.reduce((sum, { length }) => sum + length, 0) < rowEnd - rowStart)
        throw new FileProblem(`its column “${name}” ends before the file does`);
    if (chunks.size === 0 && rowEnd > rowStart) throw new FileProblem('it has rows and no column');
    const cursors = [...chunks.values()].map((each) => new ColumnCursor(each));
    const most = Number.isFinite(mostRows)
      ? rowsPerPiece
      : Math.min(rowsPerPiece, Math.max(1, Math.floor(CELLS_PER_PIECE / columns.length)));
    for (let at = rowStart; at < rowEnd; at += most) {
      const rows = Math.min(most, rowEnd - at);
      const data = Array.from({ length: rows }, () => cursors.map((cursor) => plain(cursor.next())));
      yield { body: JSON.stringify({ columns, data }), rows, share: (at + rows) / total };
    }
    rowStart = rowEnd;
  }
}

function expectNotLarger(group: RowGroup, columns: number, largest: LargestGroup): void {
  const rows = Number(group.num_rows);
  const sum = (bytesOf: (chunk: ColumnMetaData) => bigint): number =>
    group.columns.reduce((all, { meta_data }) => all + (meta_data === undefined ? 0 : Number(bytesOf(meta_data))), 0);
  const bytes = Math.max(
    sum(({ total_compressed_size }) => total_compressed_size),
    sum(({ total_uncompressed_size }) => total_uncompressed_size),
  );
  if (bytes > largest.bytes || rows * columns > largest.cells)
    throw new FileProblem(
      `a row group of it has ${rows} rows, ${columns} columns and ${Math.round(bytes / 1_000_000)} MB, and is read whole: of files at addresses up to ${largest.cells / 1_000_000} million cells and ${Math.round(largest.bytes / 1_048_576)} MiB are. Write smaller ones (pandas: row_group_size=${Math.max(1, Math.floor(largest.cells / columns))}), or import the file itself (mlfi import FILE)`,
    );
}

/** The first column that cannot be read alone is the one that is meant. */
async function columnProblem(
  error: unknown,
  columns: readonly string[],
  read: (name: string) => Promise<void>,
): Promise<FileProblem> {
  if (error instanceof FileProblem) return error;
  for (const name of columns)
    try {
      await read(name);
    } catch (ofColumn) {
      return ofColumn instanceof FileProblem ? ofColumn : problemOf(ofColumn, `its column “${name}”`);
    }
  return problemOf(error, 'it');
}

/** Texts of the reader that hold names of its own format alone. */
const UNREADABLE_WAYS = /^parquet unsupported (compression codec|encoding): ([A-Z0-9_]{1,24})$/;

/** What the reader of Parquet says may quote a value (V8 quotes text that is no JSON), so nothing of it is passed on but what is known. */
function problemOf(error: unknown, what: string): FileProblem {
  const said = error instanceof Error ? error.message : '';
  if (error instanceof SyntaxError)
    return new FileProblem(`${what} is said to hold JSON, and a value of it is none: write it as text`);
  const [, kind, name] = UNREADABLE_WAYS.exec(said) ?? [];
  if (name !== undefined) return new FileProblem(`${what} is written in a way that mlfi cannot read (${kind} ${name})`);
  if (/unsupported|not supported/i.test(said))
    return new FileProblem(`${what} is written in a way, or of a type, that mlfi cannot read`);
  return new FileProblem(`${what} is damaged`);
}

async function metadataOf(file: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(file);
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    const said = error instanceof Error ? error.message : '';
    if (/footer != PAR1|too short|exceeds available buffer/.test(said))
      throw new FileProblem('its end, which says what it holds, is missing: it was cut off, or is no Parquet file');
    throw problemOf(error, 'its end, which says what it holds,');
  }
}

/** The values of one column, whose pages come one after the other. */
class ColumnCursor {
  private chunk = 0;
  private place = 0;

  constructor(private readonly chunks: readonly ArrayLike<unknown>[]) {}

  next(): unknown {
    for (;;) {
      const chunk = this.chunks[this.chunk];
      if (chunk === undefined) return null;
      if (this.place < chunk.length) {
        const value = chunk[this.place];
        this.place += 1;
        return value;
      }
      this.chunk += 1;
      this.place = 0;
    }
  }
}

/** As JSON can say it: whole numbers beyond what a double holds stay exact as text, times are ISO 8601. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : null;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
