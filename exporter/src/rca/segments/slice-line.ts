import { addToBitset, emptyBitset, intersect, sharedRows, weighShared, type Bitset } from './bitset.js';

/** A table of small whole numbers: one column per feature, one code per row; 0 means "in no group worth naming". */
export interface CodedRows {
  readonly rows: number;
  readonly columns: readonly Uint16Array[];
}

export interface SliceLineOptions {
  /** Weight of a slice's mean error against its size, in (0, 1]. 0.95 as in the paper. */
  readonly alpha: number;
  /** Fewest rows of a slice. */
  readonly minimumRows: number;
  /** Slices returned. */
  readonly top: number;
  /** Most predicates of a slice. */
  readonly maximumLevel: number;
  /** Single predicates that are combined, the best scored first: with fewer than there are the search is no longer exact. */
  readonly singlesCombined?: number;
  /** Slices whose rows are counted at most, beyond which the search ends with what it has found. */
  readonly mostCounted?: number;
}

export interface Slice {
  /** Feature (column number) = code, by ascending column. */
  readonly predicates: readonly { readonly column: number; readonly code: number }[];
  readonly score: number;
  readonly rows: number;
  readonly errorSum: number;
  readonly errorMaximum: number;
}

export interface SliceLineResult {
  /** Best first; only scores above 0. */
  readonly slices: readonly Slice[];
  /** Slices whose rows were counted, per level. */
  readonly evaluated: readonly number[];
}

interface Single {
  readonly column: number;
  readonly code: number;
  readonly members: Bitset;
}

/** A slice as a list of ascending numbers of single predicates, with what bounds its children. */
interface Node {
  readonly singles: readonly number[];
  readonly rows: number;
  readonly errorSum: number;
  readonly errorMaximum: number;
}

const keyOf = (singles: readonly number[]): string => singles.join(',');

/**
 * Finds the slices (conjunctions of `feature = code`) with the highest
 * score α((e/n_s)/ē − 1) − (1 − α)(n/n_s − 1), exactly: a slice is left out only when an upper bound from all its
 * parents shows that it cannot reach the list (Sagadeeva & Boehm, SliceLine, SIGMOD 2021).
 * @param errors one non-negative error per row
 */
export function sliceLine(table: CodedRows, errors: Float64Array, options: SliceLineOptions): SliceLineResult {
  const n = table.rows;
  const total = errors.reduce((sum, error) => sum + error, 0);
  if (n === 0 || total <= 0) return { slices: [], evaluated: [] };
  const meanError = total / n;
  const { alpha, minimumRows } = options;
  const scoreOf = (rows: number, errorSum: number): number =>
    alpha * (errorSum / rows / meanError - 1) - (1 - alpha) * (n / rows - 1);
  const best = createTopList(options.top);
  const measure = createMeasure(errors);
  const offer = (node: Node, singles: readonly Single[]): void => {
    const score = scoreOf(node.rows, node.errorSum);
    if (score <= best.threshold()) return;
    const predicates = node.singles.flatMap((i) => {
      const single = singles[i];
      return single === undefined ? [] : [{ column: single.column, code: single.code }];
    });
    best.add({ predicates, score, rows: node.rows, errorSum: node.errorSum, errorMaximum: node.errorMaximum });
  };

  const everything = emptyBitset(n);
  for (let row = 0; row < n; row += 1) addToBitset(everything, row);
  const singles: Single[] = [];
  let level: Node[] = [];
  let counted = 0;
  for (const single of allSingles(table)) {
    counted += 1;
    const { rows, sum, maximum } = measure(everything, single.members);
    if (rows < minimumRows || sum <= 0) continue;
    const node = { singles: [singles.length], rows, errorSum: sum, errorMaximum: maximum };
    singles.push(single);
    level.push(node);
    offer(node, singles);
  }
  const evaluated = [counted];

  const boundOf = (rows: number, errorSum: number, errorMaximum: number): number => {
    const at = (size: number): number =>
      alpha * (Math.min(size * errorMaximum, errorSum) / size / meanError - 1) - (1 - alpha) * (n / size - 1);
    return Math.max(at(minimumRows), at(Math.max(errorSum / errorMaximum, minimumRows)), at(rows));
  };
  const scratch = emptyBitset(n);
  level = bestOf(level, options.singlesCombined ?? Infinity, ({ rows, errorSum }) => scoreOf(rows, errorSum));
  let left = (options.mostCounted ?? Infinity) - counted;
  for (let depth = 2; depth <= options.maximumLevel && level.length > 1 && left > 0; depth += 1) {
    const next: Node[] = [];
    counted = 0;
    for (const { prefix, children } of joinLevel(level, singles)) {
      if (counted >= left) break;
      const worth = children.filter(
        ({ rows, errorSum, errorMaximum }) =>
          rows >= minimumRows && boundOf(rows, errorSum, errorMaximum) > best.threshold(),
      );
      if (worth.length === 0) continue;
      const shared = membersOf(prefix, singles, everything, scratch);
      for (const { last } of worth) {
        const single = singles[last];
        if (single === undefined) continue;
        counted += 1;
        const { rows, sum, maximum } = measure(shared, single.members);
        if (rows < minimumRows || sum <= 0) continue;
        const node = { singles: [...prefix, last], rows, errorSum: sum, errorMaximum: maximum };
        if (depth < options.maximumLevel) next.push(node);
        offer(node, singles);
      }
    }
    evaluated.push(counted);
    left -= counted;
    level = next;
  }
  return { slices: best.list(), evaluated };
}

/** The nodes with the highest scores, in the order they came. */
function bestOf(nodes: readonly Node[], most: number, scoreOf: (node: Node) => number): Node[] {
  if (nodes.length <= most) return [...nodes];
  const kept = new Set([...nodes].sort((a, b) => scoreOf(b) - scoreOf(a)).slice(0, most));
  return nodes.filter((node) => kept.has(node));
}

/** Counting ones is enough where every error is the same; else the errors are added row by row. */
function createMeasure(
  errors: Float64Array,
): (a: Bitset, b: Bitset) => { readonly rows: number; readonly sum: number; readonly maximum: number } {
  const unit = errors.reduce((highest, error) => Math.max(highest, error), 0);
  if (!errors.every((error) => error === 0 || error === unit)) return (a, b) => weighShared(a, b, errors);
  const wrong = emptyBitset(errors.length);
  errors.forEach((error, row) => {
    if (error !== 0) addToBitset(wrong, row);
  });
  const scratch = emptyBitset(errors.length);
  return (a, b) => {
    intersect(a, b, scratch);
    const wrongRows = sharedRows(scratch, wrong);
    return { rows: sharedRows(a, b), sum: wrongRows * unit, maximum: wrongRows > 0 ? unit : 0 };
  };
}

function* allSingles(table: CodedRows): Generator<Single> {
  for (const [column, codes] of table.columns.entries()) {
    const sets = new Map<number, Bitset>();
    for (let row = 0; row < table.rows; row += 1) {
      const code = codes[row] ?? 0;
      if (code === 0) continue;
      let members = sets.get(code);
      if (members === undefined) {
        members = emptyBitset(table.rows);
        sets.set(code, members);
      }
      addToBitset(members, row);
    }
    for (const [code, members] of [...sets].sort(([a], [b]) => a - b)) yield { column, code, members };
  }
}

function membersOf(prefix: readonly number[], singles: readonly Single[], everything: Bitset, scratch: Bitset): Bitset {
  scratch.set(everything);
  for (const i of prefix) {
    const members = singles[i]?.members;
    if (members !== undefined) intersect(scratch, members, scratch);
  }
  return scratch;
}

interface Child {
  readonly last: number;
  readonly rows: number;
  readonly errorSum: number;
  readonly errorMaximum: number;
}

/** Joins parents that share all but their last predicate; a child one of whose parents is gone cannot matter. */
function* joinLevel(
  level: readonly Node[],
  singles: readonly Single[],
): Generator<{ readonly prefix: readonly number[]; readonly children: readonly Child[] }> {
  const depth = level[0]?.singles.length ?? 0;
  const known = depth > 1 ? new Map(level.map((node) => [keyOf(node.singles), node])) : null;
  const families = new Map<string, Node[]>();
  for (const node of level) {
    const family = keyOf(node.singles.slice(0, -1));
    const siblings = families.get(family);
    if (siblings === undefined) families.set(family, [node]);
    else siblings.push(node);
  }
  for (const siblings of families.values()) {
    for (const [i, first] of siblings.entries()) {
      const children: Child[] = [];
      for (let place = i + 1; place < siblings.length; place += 1) {
        const second = siblings[place];
        if (second === undefined) continue;
        const last = second.singles.at(-1);
        if (last === undefined || singles[last]?.column === singles[first.singles.at(-1) ?? -1]?.column) continue;
        const child = bounded(first, second, last, known);
        if (child !== null) children.push(child);
      }
      if (children.length > 0) yield { prefix: first.singles, children };
    }
  }
}

function bounded(first: Node, second: Node, last: number, known: ReadonlyMap<string, Node> | null): Child | null {
  let rows = Math.min(first.rows, second.rows);
  let errorSum = Math.min(first.errorSum, second.errorSum);
  let errorMaximum = Math.min(first.errorMaximum, second.errorMaximum);
  if (known !== null) {
    const singles = [...first.singles, last];
    for (let leftOut = 0; leftOut < singles.length - 2; leftOut += 1) {
      const parent = known.get(keyOf(singles.filter((_, i) => i !== leftOut)));
      if (parent === undefined) return null;
      rows = Math.min(rows, parent.rows);
      errorSum = Math.min(errorSum, parent.errorSum);
      errorMaximum = Math.min(errorMaximum, parent.errorMaximum);
    }
  }
  return { last, rows, errorSum, errorMaximum };
}

function createTopList(length: number): {
  add(slice: Slice): void;
  /** A score must be above this to matter. */
  threshold(): number;
  list(): readonly Slice[];
} {
  const kept: Slice[] = [];
  return {
    add(slice) {
      const at = kept.findIndex(({ score }) => score < slice.score);
      kept.splice(at === -1 ? kept.length : at, 0, slice);
      kept.length = Math.min(kept.length, length);
    },
    threshold: () => (kept.length < length ? 0 : Math.max(0, kept.at(-1)?.score ?? 0)),
    list: () => kept,
  };
}
