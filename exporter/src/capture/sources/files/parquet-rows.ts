import { parquetMetadataAsync, parquetRead, parquetSchema, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Rows of a Parquet file, as pandas writes them with `orient='split'`: a body that the JSON format reads as a table. */
export interface ParquetPiece {
  readonly body: string;
  readonly rows: number;
  /** Of the whole file, up to the end of this piece. */
  readonly share: number;
}

/**
 * Reads a Parquet file row group by row group, so that a row group is what is held of it.
 * @throws Error when it is no Parquet file, or encrypted
 */
export async function* parquetPieces(file: AsyncBuffer, rowsPerPiece: number): AsyncGenerator<ParquetPiece> {
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const total = Number(metadata.num_rows);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks = new Map(columns.map((name): [string, ArrayLike<unknown>[]] => [name, []]));
    await parquetRead({
      file,
      metadata,
      rowStart,
      rowEnd,
      compressors,
      onChunk: ({ columnName, columnData }) => void chunks.get(columnName)?.push(columnData),
    });
    const cursors = [...chunks.values()].map((each) => new ColumnCursor(each));
    for (let at = rowStart; at < rowEnd; at += rowsPerPiece) {
      const rows = Math.min(rowsPerPiece, rowEnd - at);
      const data = Array.from({ length: rows }, () => cursors.map((cursor) => plain(cursor.next())));
      yield { body: JSON.stringify({ columns, data }), rows, share: (at + rows) / total };
    }
    rowStart = rowEnd;
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
