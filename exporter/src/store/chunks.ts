/** Bound values per statement; SQLite allows 32,766, PostgreSQL 65,535. */
const MOST_VALUES = 30_000;

/** Rows of one insert: SQLite takes a multi-row insert as a compound select, of 500 terms at most. */
const MOST_ROWS = 500;

/** Cuts rows so that each statement stays below the databases' limits of bound values and of rows. */
export function chunked<T>(rows: readonly T[], valuesPerRow: number): T[][] {
  const size = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / valuesPerRow)));
  const chunks: T[][] = [];
  for (let i = 0; i < rows.length; i += size) chunks.push(rows.slice(i, i + size));
  return chunks;
}
