import {
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type AsyncBuffer,
  type ColumnMetaData,
  type RowGroup,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Unreachable } from './remote-answer.js';

/** Rows of a Parquet file, as pandas writes them with `orient='split'`: a body that the JSON format reads as a table. */
export interface ParquetPiece {
  readonly body: string;
  readonly rows: number;
  /** Of the whole file, up to the end of this piece. */
  readonly share: number;
}

/** What a row group may have that is read whole. */
export interface LargestGroup {
  /** Compressed or not. */
  readonly bytes: number;
  readonly cells: number;
}

/**
 * Reads a Parquet file row group by row group, so that a row group is what is held of it.
 * @param mostRows a file that says it has more is not read
 * @throws Error when it is no Parquet file, encrypted, too long, or shorter than it says
 */
export async function* parquetPieces(
  file: AsyncBuffer,
  rowsPerPiece: number,
  mostRows = Infinity,
  largest: LargestGroup | null = null,
): AsyncGenerator<ParquetPiece> {
  const metadata = await inOurWords(() => parquetMetadataAsync(file));
  const claimed = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (claimed > mostRows) throw new Error(`it says that it has ${claimed} rows; ${mostRows} are taken at once`);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const total = Number(metadata.num_rows);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    if (largest !== null) expectNotLarger(group, columns.length, largest);
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks = new Map(columns.map((name): [string, ArrayLike<unknown>[]] => [name, []]));
    const place = { rowStart, rowEnd };
    await inOurWords(() =>
      parquetRead({
        ...{ file, metadata, ...place, compressors },
        onChunk: ({ columnName, columnData }) => void chunks.get(columnName)?.push(columnData),
      }),
    );
    for (const [name, each] of chunks)
      if (each.reduce((sum, { length }) => sum + length, 0) < rowEnd - rowStart)
        throw new Error(`its column “${name}” ends before the file does`);
    if (chunks.size === 0 && rowEnd > rowStart) throw new Error('it has rows and no column');
    const cursors = [...chunks.values()].map((each) => new ColumnCursor(each));
    for (let at = rowStart; at < rowEnd; at += rowsPerPiece) {
      const rows = Math.min(rowsPerPiece, rowEnd - at);
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
    throw new Error(
      `a row group of it has ${rows} rows, ${columns} columns and ${Math.round(bytes / 1_000_000)} MB, and is read whole: write row groups of up to ${largest.cells / 1_000_000} million cells and ${Math.round(largest.bytes / 1_000_000)} MB`,
    );
}

/** What the reader of Parquet says of its insides helps nobody who has to find out which file is broken, and how. */
async function inOurWords<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    const said = error instanceof Error ? error.message : String(error);
    if (/footer != PAR1|too short|exceeds available buffer/.test(said))
      throw new Error('its end, which says what it holds, is missing: it was cut off, or is no Parquet file');
    if (/unsupported|not supported/.test(said)) throw new Error(`mlfi cannot read how it is written (${said})`);
    throw new Error(`it is damaged (${said})`);
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
