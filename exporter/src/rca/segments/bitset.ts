/** Sets of row numbers as bits, 32 to a word. */
export type Bitset = Uint32Array;

/** An empty set of rows `0 … rows − 1`. */
export const emptyBitset = (rows: number): Bitset => new Uint32Array(Math.ceil(rows / 32));

export function addToBitset(set: Bitset, row: number): void {
  set[row >>> 5] = (set[row >>> 5] ?? 0) | (1 << (row & 31));
}

/** Number of ones in a 32-bit word: sums of neighbouring bits, then of pairs, then of nibbles (Warren, Hacker's Delight, 5-1). */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Writes a ∩ b into `into`. */
export function intersect(a: Bitset, b: Bitset, into: Bitset): void {
  for (let i = 0; i < into.length; i += 1) into[i] = (a[i] ?? 0) & (b[i] ?? 0);
}

/** |a ∩ b|. */
export function sharedRows(a: Bitset, b: Bitset): number {
  let count = 0;
  for (let i = 0; i < a.length; i += 1) {
    const word = (a[i] ?? 0) & (b[i] ?? 0);
    if (word !== 0) count += ones(word);
  }
  return count;
}

/** Sum and maximum of `weights` over the rows of a ∩ b. */
export function weighShared(
  a: Bitset,
  b: Bitset,
  weights: Float64Array,
): { readonly rows: number; readonly sum: number; readonly maximum: number } {
  let rows = 0;
  let sum = 0;
  let maximum = 0;
  for (let i = 0; i < a.length; i += 1) {
    let word = (a[i] ?? 0) & (b[i] ?? 0);
    while (word !== 0) {
      const weight = weights[(i << 5) + (31 - Math.clz32(word & -word))] ?? 0;
      rows += 1;
      sum += weight;
      if (weight > maximum) maximum = weight;
      word &= word - 1;
    }
  }
  return { rows, sum, maximum };
}
