/** What one statement may hold. */
export interface StatementLimits {
  /** Bound values. */
  readonly values: number;
  /** Rows of an insert. */
  readonly rows: number;
  /** The database's own name of a row, and how some are found by a query for their names. */
  readonly row: { readonly name: string; readonly among: string };
}

/** SQLite allows 32,766 values and takes an insert of several rows as a compound select, of 500 terms at most. */
export const SQLITE_LIMITS: StatementLimits = {
  values: 30_000,
  rows: 500,
  row: { name: 'rowid', among: 'rowid in (?)' },
};
/** PostgreSQL counts bound values in 16 bits, and nothing else. */
export const POSTGRESQL_LIMITS: StatementLimits = {
  values: 60_000,
  rows: Infinity,
  row: { name: 'ctid', among: 'ctid = any(array(?))' },
};

/** Cuts the rows of an insert so that each statement stays within the limits. */
export const chunked = <T>(rows: readonly T[], valuesPerRow: number, limits: StatementLimits): T[][] =>
  cut(rows, Math.min(limits.rows, Math.floor(limits.values / valuesPerRow)));

/** Cuts the values of a `where … in` likewise. */
export const chunkedValues = <T>(values: readonly T[], limits: StatementLimits): T[][] =>
  // One value is left for the model.
  cut(values, limits.values - 1);

function cut<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
