import type { Observation } from '../domain/observation.js';
import type { WindowProfile } from '../domain/profile.js';
import {
  createWindowBuilder,
  emptyWindow,
  type WindowBuilder,
  type WindowLimits,
} from '../statistics/window-profile.js';
import type { MatchedLabel } from './label-joiner.js';

/** A row with what its label says, if it came with one. */
export interface ArrivedRow {
  readonly row: Observation;
  readonly judged: MatchedLabel | null;
}

/** Rows, and judged labels of earlier ones, that are counted together. */
export interface Countable {
  readonly rows: readonly ArrivedRow[];
  readonly labels: readonly MatchedLabel[];
}

/** The judged labels of both. */
export const judgedIn = ({ rows, labels }: Countable): readonly MatchedLabel[] => [
  ...rows.flatMap(({ judged }) => judged ?? []),
  ...labels,
];

/** The counts with more counted. */
export function withCounted(
  like: WindowProfile,
  from: WindowProfile | null,
  countable: Countable,
  limits?: WindowLimits,
): WindowProfile {
  if (from !== null && countable.rows.length + countable.labels.length === 0) return from;
  const builder = createWindowBuilder({ like, from: from ?? emptyWindow() }, limits);
  count(builder, countable);
  return builder.build();
}

/** Counts rows, and labels, into a window. */
export function count(builder: WindowBuilder, { rows, labels }: Countable): void {
  for (const { row, judged } of rows) {
    builder.add(row);
    if (judged !== null) builder.addLabel(judged.label);
  }
  for (const { label } of labels) builder.addLabel(label);
}

/** What is made of each when it is asked for, once. */
export function* mapped<T, U>(all: Iterable<T>, of: (each: T) => U): Generator<U> {
  for (const each of all) yield of(each);
}

/** What belongs together, by a key of each. */
export function grouped<T, K>(all: readonly T[], keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return groups;
}
