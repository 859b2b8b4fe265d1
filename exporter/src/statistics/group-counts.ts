import { sameAnswer, type FeatureValue, type Observation } from '../domain/observation.js';
import type { GroupCell, GroupCounts } from '../domain/profile.js';

/** Categorical features that are counted in pairs, by first appearance: 15 tables at most. */
const FEATURES = 6;
/** Values told apart per feature, by first appearance; the rest are `other`. */
const VALUES = 8;
const VALUE_LENGTH = 100;
const OTHER = 'other';
const MISSING = 'missing';
const OTHER_CODE = 0;
const MISSING_CODE = 1;
const FIGURES = 6;
/** Place of the labelled answers among a cell's figures. */
const LABELLED = 4;
/** Confidence is added up in thousandths, so that counts stay whole and add in any order. */
const PARTS = 1_000;

/** One condition of a group: a feature and `=value`, `other` or `missing`. */
export type GroupTerm = readonly [feature: string, value: string];

export const groupKey = (terms: readonly GroupTerm[]): string => JSON.stringify(terms);

/** @throws SyntaxError or TypeError for a text that `groupKey` never made */
export function groupTerms(key: string): readonly GroupTerm[] {
  const terms: unknown = JSON.parse(key);
  if (!Array.isArray(terms) || !terms.every(isGroupTerm)) throw new TypeError('is no key of a group');
  return terms;
}

const isGroupTerm = (term: unknown): term is GroupTerm =>
  Array.isArray(term) && term.length === 2 && term.every((part) => typeof part === 'string');

/** Whether a stored text is the key of a group. */
export function isGroupKey(key: string): boolean {
  try {
    return groupTerms(key).length > 0;
  } catch {
    return false;
  }
}

interface Column {
  readonly feature: string;
  /** Value → code; codes 0 and 1 are `other` and `missing`. */
  readonly codes: Map<string, number>;
}
const CODES = VALUES + 2;

/** Place of a feature among the columns, made if there is room; -1 where there is none. */
function placeOf(columns: Column[], feature: string): number {
  const known = columns.findIndex((column) => column.feature === feature);
  if (known >= 0 || columns.length === FEATURES) return known;
  columns.push({ feature, codes: new Map() });
  return columns.length - 1;
}

function codeOf({ codes }: Column, value: string): number {
  const known = codes.get(value);
  if (known !== undefined) return known;
  if (codes.size === VALUES) return OTHER_CODE;
  codes.set(value, codes.size + 2);
  return codes.size + 1;
}

/** Columns of counts that lend theirs: read once for thousands of windows. */
const lent = new WeakMap<GroupCounts, readonly Column[]>();

function columnsOf(like: GroupCounts): Column[] {
  let known = lent.get(like);
  if (known === undefined) {
    const columns: Column[] = [];
    for (const key of like.keys())
      for (const [feature, token] of groupTerms(key)) {
        const column = columns[placeOf(columns, feature)];
        if (column !== undefined && token !== OTHER && token !== MISSING) codeOf(column, token.slice(1));
      }
    lent.set(like, (known = columns));
  }
  return known.map(({ feature, codes }) => ({ feature, codes: new Map(codes) }));
}

/** Counts rows, failures, confidence and wrong answers per value and per pair of values of a few categorical features. */
export interface GroupTally {
  add(observation: Observation): void;
  /** Counts only what the label says of the answer; the row itself was counted before. */
  addLabel(observation: Observation): void;
  build(): GroupCounts;
}

/**
 * @param like lends features and values, so that windows of one model can be compared
 * @param from goes on counting where that window stopped
 */
export function createGroupTally(like?: GroupCounts, from?: GroupCounts): GroupTally {
  const columns = like === undefined ? [] : columnsOf(like);
  /** One table per pair of columns, at a · FEATURES + b with a ≤ b; that of a column with itself holds its single values. */
  const tables: (Float64Array | undefined)[] = [];
  const rowCodes = new Uint8Array(FEATURES);
  const tableOf = (a: number, b: number): Float64Array =>
    (tables[a * FEATURES + b] ??= new Float64Array(CODES * CODES * FIGURES));
  /** A number among categories is as good as missing: it says nothing about them. */
  const codeOfValue = (column: Column, value: FeatureValue): number => {
    if (value === null || typeof value === 'number') return MISSING_CODE;
    const text = String(value);
    return codeOf(column, text.length > VALUE_LENGTH ? text.slice(0, VALUE_LENGTH) : text);
  };
  const cellOf = (key: string): { readonly table: Float64Array; readonly at: number } | null => {
    const places = groupTerms(key).map(([feature, token]) => {
      const place = placeOf(columns, feature);
      const column = columns[place];
      if (column === undefined) return null;
      if (token === OTHER) return { place, code: OTHER_CODE };
      return { place, code: token === MISSING ? MISSING_CODE : codeOf(column, token.slice(1)) };
    });
    const [a, b = a] = places;
    if (a == null || b == null) return null;
    const [low, high] = a.place <= b.place ? [a, b] : [b, a];
    return { table: tableOf(low.place, high.place), at: (low.code * CODES + high.code) * FIGURES };
  };
  const tally = (table: Float64Array, at: number, figures: GroupCell): void => {
    for (let i = 0; i < FIGURES; i += 1) table[at + i] = (table[at + i] ?? 0) + (figures[i] ?? 0);
  };
  for (const [key, figures] of from ?? []) {
    const cell = cellOf(key);
    if (cell !== null) tally(cell.table, cell.at, figures);
  }
  const count = ({ features }: Observation, figures: GroupCell): void => {
    if (features === null) return;
    if (columns.length < FEATURES)
      for (const name in features) if (isCategory(features[name] ?? null)) placeOf(columns, name);
    for (const [place, column] of columns.entries())
      rowCodes[place] = codeOfValue(column, features[column.feature] ?? null);
    for (let a = 0; a < columns.length; a += 1)
      for (let b = a; b < columns.length; b += 1)
        tally(tableOf(a, b), ((rowCodes[a] ?? 0) * CODES + (rowCodes[b] ?? 0)) * FIGURES, figures);
  };
  return {
    add: (observation) => count(observation, figuresOf(observation)),
    addLabel(observation) {
      const [, , , , labelled, wrong] = figuresOf(observation);
      count(observation, [0, 0, 0, 0, labelled, wrong]);
    },
    build() {
      const counts = new Map<string, GroupCell>();
      const tokens = columns.map(({ codes }) => [OTHER, MISSING, ...[...codes.keys()].map((value) => `=${value}`)]);
      for (const [place, table] of tables.entries()) {
        if (table === undefined) continue;
        const [a, b] = [Math.floor(place / FEATURES), place % FEATURES];
        for (let at = 0; at < table.length; at += FIGURES) {
          if (table[at] === 0 && table[at + LABELLED] === 0) continue;
          const cell = at / FIGURES;
          const first: GroupTerm = [columns[a]?.feature ?? '', tokens[a]?.[Math.floor(cell / CODES)] ?? OTHER];
          const second: GroupTerm = [columns[b]?.feature ?? '', tokens[b]?.[cell % CODES] ?? OTHER];
          counts.set(
            groupKey(a === b ? [first] : [first, second]),
            groupCell((i) => table[at + i] ?? 0),
          );
        }
      }
      return counts;
    },
  };
}

const isCategory = (value: FeatureValue): boolean => typeof value === 'string' || typeof value === 'boolean';

function figuresOf({ failure, confidence, label, prediction }: Observation): GroupCell {
  const answered = failure === null && confidence !== null;
  const labelled = label !== null && prediction !== null;
  return [
    1,
    failure === null ? 0 : 1,
    answered ? 1 : 0,
    answered ? Math.round(PARTS * (1 - Math.min(1, Math.max(0, confidence)))) : 0,
    labelled ? 1 : 0,
    labelled && !sameAnswer(prediction, label) ? 1 : 0,
  ];
}

/** Rows and summed loss of one cell by one measure; losses are in [0, 1] per row. */
export function groupLoss(
  [rows, failed, answered, doubt, labelled, wrong]: GroupCell,
  measure: 'errors' | 'confidence' | 'accuracy',
): { readonly rows: number; readonly loss: number } {
  if (measure === 'errors') return { rows, loss: failed };
  if (measure === 'accuracy') return { rows: labelled, loss: wrong };
  return { rows: answered, loss: doubt / PARTS };
}

const groupCell = (figure: (place: number) => number): GroupCell => [
  figure(0),
  figure(1),
  figure(2),
  figure(3),
  figure(4),
  figure(5),
];

const combined = (a: GroupCell, b: GroupCell, sign: 1 | -1): GroupCell =>
  groupCell((place) => (a[place] ?? 0) + sign * (b[place] ?? 0));

/** Adds two windows' groups: exact, in any order. */
export function mergeGroups(a: GroupCounts, b: GroupCounts): GroupCounts {
  const sum = new Map(a);
  for (const [key, cell] of b) {
    const mine = sum.get(key);
    sum.set(key, mine === undefined ? cell : combined(mine, cell, 1));
  }
  return sum;
}

/** What is left of `whole` without `part`. */
export function subtractGroups(whole: GroupCounts, part: GroupCounts): GroupCounts {
  const rest = new Map<string, GroupCell>();
  for (const [key, cell] of whole) {
    const other = part.get(key);
    const left = other === undefined ? cell : combined(cell, other, -1);
    if (left[0] > 0 || left[LABELLED] > 0) rest.set(key, left);
  }
  return rest;
}

/**
 * Groups as they may be stored: those seen fewer than `minimum` times become part of "other", unless `keep` holds them; of a
 * feature in `hidden` no value is named but those it has there, however often it was seen.
 */
export function foldRareGroups(
  groups: GroupCounts,
  keep: GroupCounts,
  minimum: number,
  hidden: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): GroupCounts {
  const stored = new Map<string, GroupCell>();
  for (const [key, cell] of groups) {
    const isKnown = cell[0] >= minimum || (keep.get(key)?.[0] ?? 0) >= minimum;
    const isHidden = ([feature, value]: GroupTerm): boolean =>
      value !== MISSING && hidden.get(feature)?.has(value.slice(1)) === false;
    const terms = groupTerms(key);
    const name =
      isKnown && !terms.some(isHidden)
        ? key
        : groupKey(terms.map((term): GroupTerm => [term[0], !isKnown || isHidden(term) ? OTHER : term[1]]));
    const mine = stored.get(name);
    stored.set(name, mine === undefined ? cell : combined(mine, cell, 1));
  }
  return stored;
}
