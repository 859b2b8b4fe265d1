import type { SegmentPredicate } from '../../domain/symptoms.js';
import type { FeatureValue, Observation } from '../../domain/observation.js';
import type { CodedRows } from './slice-line.js';

/** Turns one feature's values into codes ≥ 1 that a person can read as predicates; 0 is "in no group worth naming". */
export interface FeatureCoding {
  readonly feature: string;
  readonly codes: number;
  codeOf(value: FeatureValue | undefined): number;
  predicateOf(code: number): SegmentPredicate;
}

/** Seen at least this often in the reference before a category may be named: privacy and statistics agree. */
const FREQUENT = 10;
const MAX_CATEGORIES = 60;
const RANGES = 8;

/** Features that groups are made of, as many as are watched of a model. */
const MAX_FEATURES = 500;

/**
 * Groups per feature, fixed by the reference rows: categories seen ≥ 10 times, or up to eight ranges between rounded
 * quantiles. A value the reference never had falls into "other" or the open outer range. Features in fewer than ten rows of
 * the reference have no groups, for no group of theirs could be named; time is linear in the values of the rows.
 */
export function codingsOf(reference: readonly Observation[]): FeatureCoding[] {
  return [...valuesByFeature(reference)]
    .filter(([, values]) => values.length >= Math.min(FREQUENT, reference.length))
    .slice(0, MAX_FEATURES)
    .map(([feature, values]) => {
      const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
      const present = values.filter((value) => value !== null);
      const fewNumbers = new Set(numbers).size <= RANGES;
      return numbers.length > present.length / 2 && !fewNumbers
        ? rangeCoding(feature, numbers)
        : categoryCoding(feature, present);
    });
}

/** Values of each feature in the rows that were sent with it, by name, in the order they came. */
function valuesByFeature(rows: readonly Observation[]): Map<string, FeatureValue[]> {
  const values = new Map<string, FeatureValue[]>();
  for (const { features } of rows) {
    for (const name in features) {
      const value = features[name] ?? null;
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
  }
  return values;
}

function categoryCoding(feature: string, values: readonly FeatureValue[]): FeatureCoding {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const named = [...counts]
    .filter(([, count]) => count >= FREQUENT)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_CATEGORIES)
    .map(([name]) => name);
  const codes = new Map(named.map((name, i) => [name, i + 1]));
  const other = named.length + 1;
  const missing = named.length + 2;
  return {
    feature,
    codes: missing,
    codeOf: (value) => (value === null || value === undefined ? missing : (codes.get(String(value)) ?? other)),
    predicateOf(code) {
      if (code === missing) return { feature, kind: 'missing' };
      const value = named[code - 1];
      return value === undefined ? { feature, kind: 'other' } : { feature, kind: 'equals', value: value.slice(0, 60) };
    },
  };
}

const roundTo = (x: number, digits: number): number => Number(x.toPrecision(digits));

function rangeCoding(feature: string, numbers: readonly number[]): FeatureCoding {
  const sorted = Float64Array.from(numbers).sort();
  const edges: number[] = [];
  for (let i = 1; i < RANGES; i += 1) {
    const edge = roundTo(sorted[Math.floor((i * sorted.length) / RANGES)] ?? 0, 3);
    if (edge > (edges.at(-1) ?? -Infinity) && edge > (sorted[0] ?? 0)) edges.push(edge);
  }
  const unreadable = edges.length + 2;
  const missing = edges.length + 3;
  return {
    feature,
    codes: missing,
    codeOf(value) {
      if (value === null || value === undefined) return missing;
      if (typeof value !== 'number' || !Number.isFinite(value)) return unreadable;
      let code = 1;
      for (const edge of edges) if (value >= edge) code += 1;
      return code;
    },
    predicateOf(code) {
      if (code === missing) return { feature, kind: 'missing' };
      if (code === unreadable) return { feature, kind: 'other' };
      return { feature, kind: 'range', low: edges[code - 2] ?? null, high: edges[code - 1] ?? null };
    },
  };
}

export function codeRows(rows: readonly Observation[], codings: readonly FeatureCoding[]): CodedRows {
  const features = rows.map((row) => row.features);
  return {
    rows: rows.length,
    columns: codings.map((coding) => filledWith(rows.length, (i) => coding.codeOf(features[i]?.[coding.feature]))),
  };
}

/** Predicates in words, e.g. "country = DE and age from 20 to 30". */
export function predicateText(predicates: readonly SegmentPredicate[]): string {
  return predicates
    .map((predicate) => {
      const { feature } = predicate;
      if (predicate.kind === 'equals') return `${feature} = ${predicate.value}`;
      if (predicate.kind !== 'range')
        return predicate.kind === 'missing' ? `${feature} missing` : `${feature} of a rare or unknown kind`;
      const { low, high } = predicate;
      if (low === null) return `${feature} below ${high ?? ''}`;
      return high === null ? `${feature} at least ${low}` : `${feature} from ${low} to ${high}`;
    })
    .join(' and ');
}

/** Both cohorts on the groups of the earlier one; made once and shared, for it is most of the work on large windows. */
export interface CodedCohorts {
  readonly codings: readonly FeatureCoding[];
  readonly before: CodedRows;
  readonly now: CodedRows;
}

export function codeCohorts(before: readonly Observation[], now: readonly Observation[]): CodedCohorts {
  const codings = codingsOf(before);
  return { codings, before: codeRows(before, codings), now: codeRows(now, codings) };
}

/**
 * Rows with what they are about (region, customer group) beside their inputs, for whoever looks for groups. A column that
 * is called like an input gives way to it.
 */
export function withContext(rows: readonly Observation[]): readonly Observation[] {
  return rows.map((row) => (row.context == null ? row : { ...row, features: { ...row.context, ...row.features } }));
}

/** The chosen rows of a table, by row number. */
export function pickRows(table: CodedRows, chosen: readonly number[]): CodedRows {
  return {
    rows: chosen.length,
    columns: table.columns.map((codes) => filledWith(chosen.length, (i) => codes[chosen[i] ?? 0] ?? 0)),
  };
}

/** As `Uint16Array.from`, which takes ten times as long: most of the work on wide rows is here. */
function filledWith(length: number, codeAt: (i: number) => number): Uint16Array {
  const codes = new Uint16Array(length);
  for (let i = 0; i < length; i += 1) codes[i] = codeAt(i);
  return codes;
}
