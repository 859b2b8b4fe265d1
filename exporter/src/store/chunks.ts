/** Bound values per statement; SQLite allows 32,766, PostgreSQL 65,535. */
const MOST_VALUES = 30_000;

/** Cuts rows so that each statement stays below the databases' limit of bound values. */
export function chunked<T>(rows: readonly T[], valuesPerRow: number): T[][] {
  const size = Math.max(1, Math.floor(MOST_VALUES / valuesPerRow));
  const chunks: T[][] = [];
  for (let i = 0; i < rows.length; i += size) chunks.push(rows.slice(i, i + size));
  return chunks;
}
