import type { IntakeLimits } from '../../../domain/ingest.js';
import { Refusal, type Verdicts } from '../verdicts.js';
import type { FieldRoles } from '../field-roles.js';
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

const MOST_COLUMNS = 10_000;

/** What a column without a name is called. */
export const placeName = (index: number): string => `column_${index + 1}`;

/** Column names that are all different: a second `a` is `a.1`, as in pandas; one without a name is called by its place, told; null, told, for too many. */
export function columnNames(given: readonly unknown[], verdicts: Verdicts): string[] | null {
  if (given.length > MOST_COLUMNS) {
    verdicts.refuse(1, new Refusal('not_csv', '', `${given.length} columns; at most ${MOST_COLUMNS} are read`));
    return null;
  }
  const taken = new Map<string, number>();
  return given.map((value, i) => {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
    const own = text === '' ? placeName(i) : text;
    if (text === '')
      verdicts.tellOf(1)(
        'name_changed',
        own,
        `a column without a name is called ${own}; where it only counts the rows (an index, as pandas writes it), leave it out: map ${own}:ignore`,
      );
    let copy = taken.get(own) ?? 0;
    let name = own;
    for (; taken.has(name); copy += 1) name = `${own}.${copy + 1}`;
    taken.set(own, copy);
    if (name !== own)
      verdicts.tellOf(1)('duplicate_name', own, 'two columns have this name; the second one is called .1');
    if (name !== own) taken.set(name, 0);
    return name;
  });
}

interface WatchedColumn {
  readonly name: string;
  readonly place: number;
}

/** The columns that have a role, and as many others as a row may have features; what is left out is told. */
export function watchedColumns(
  names: readonly string[],
  { featuresPerEvent }: IntakeLimits,
  verdicts: Verdicts,
  roles: FieldRoles,
): readonly WatchedColumn[] {
  let others = 0;
  const watched = names.flatMap((name, place) => {
    const role = roles.roleOf(name)?.role ?? (roles.classOf(name) === null ? 'feature' : null);
    if (role === 'ignored' || (role === 'feature' && (others += 1) > featuresPerEvent)) return [];
    return [{ name, place }];
  });
  if (others > featuresPerEvent)
    verdicts.tellOf(1)(
      'features_cut',
      'features',
      `only the first ${featuresPerEvent} features of a row are watched (intake.limits.features_per_event)`,
    );
  return watched;
}

/**
 * Makes rows as copies of one that is filled then, so that all have one shape: V8 keeps an object of many names that is filled name
 * by name as a hash table, and `Object.fromEntries` a pair for each cell.
 */
export function rowMaker(
  watched: readonly WatchedColumn[],
): (valueOf: (column: WatchedColumn) => unknown) => Readonly<Record<string, unknown>> {
  const empty: Readonly<Record<string, unknown>> = Object.fromEntries(watched.map(({ name }) => [name, null]));
  return (valueOf) => {
    const row = { ...empty };
    // A name that it has already is set as it is, also `__proto__`.
    for (const column of watched) row[column.name] = valueOf(column);
    return row;
  };
}

/** Rows of a table as objects by column name. */
export function tableRows(
  columns: readonly unknown[],
  rows: readonly unknown[],
  limits: IntakeLimits,
  verdicts: Verdicts,
  roles: FieldRoles,
): readonly SourceRow[] {
  if (tooManyRows(rows.length, limits, verdicts)) return [];
  const names = columnNames(columns, verdicts);
  if (names === null) return [];
  const filled = rowMaker(watchedColumns(names, limits, verdicts, roles));
  return rows.flatMap((cells, i) => {
    if (Array.isArray(cells) && cells.length === names.length)
      return [
        {
          line: i + 1,
          isTable: true as const,
          value: filled(({ place }) => cells[place] as unknown),
        },
      ];
    verdicts.refuse(
      i + 1,
      new Refusal('not_an_object', '', `this row does not have the ${names.length} columns named`),
    );
    return [];
  });
}
