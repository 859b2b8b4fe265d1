import type { IntakeLimits } from '../../../domain/ingest.js';
import { Refusal, type Verdicts } from '../verdicts.js';
import type { SourceRow } from './format.js';

/** Refuses a batch of too many rows as a whole, so that it can be sent again in parts. */
export function tooManyRows(rows: number, { rowsPerBatch }: IntakeLimits, verdicts: Verdicts): boolean {
  if (rows <= rowsPerBatch) return false;
  const message = `a batch of ${rows} rows; at most ${rowsPerBatch} are taken at once (intake.limits.rows_per_batch). Nothing of it was taken: send it in parts`;
  verdicts.refuse(1, new Refusal('too_many_rows', '', message), rows);
  return true;
}

/** What pandas writes with `orient='split'`. */
export function isSplitFrame(
  value: unknown,
): value is { readonly columns: readonly unknown[]; readonly data: readonly unknown[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'columns' in value &&
    'data' in value &&
    Array.isArray(value.columns) &&
    Array.isArray(value.data)
  );
}

/** Column names that are all different: a second `a` is `a.1`, as in pandas; one without a name is called by its place. */
export function columnNames(given: readonly unknown[], verdicts: Verdicts): string[] {
  const taken = new Set<string>();
  return given.map((value, i) => {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
    const own = text === '' ? `column_${i + 1}` : text;
    let name = own;
    for (let copy = 1; taken.has(name); copy += 1) name = `${own}.${copy}`;
    if (name !== own)
      verdicts.tellOf(1)('duplicate_name', own, 'two columns have this name; the second one is called .1');
    taken.add(name);
    return name;
  });
}

/** Rows of a table as objects by column name. */
export function tableRows(
  columns: readonly unknown[],
  rows: readonly unknown[],
  limits: IntakeLimits,
  verdicts: Verdicts,
): readonly SourceRow[] {
  if (tooManyRows(rows.length, limits, verdicts)) return [];
  const names = columnNames(columns, verdicts);
  return rows.flatMap((cells, i) => {
    if (Array.isArray(cells) && cells.length === names.length)
      return [
        {
          line: i + 1,
          isTable: true as const,
          value: Object.fromEntries(names.map((name, column) => [name, cells[column] as unknown])),
        },
      ];
    verdicts.refuse(
      i + 1,
      new Refusal('not_an_object', '', `this row does not have the ${names.length} columns named`),
    );
    return [];
  });
}
