import type { CodedRows } from './slice-line.js';

const PASSES = 3;
/** Rows that a group's own mean must outweigh before it is believed. */
const SHRINKAGE = 20;

/**
 * What loss a row would have had before the change, from its groups alone: an additive model of the reference losses
 * (mean + one effect per feature group), fitted by backfitting with each effect shrunk by n/(n + 20).
 * @returns a function from coded rows to one expected loss each
 */
export function expectedLoss(reference: CodedRows, losses: Float64Array): (table: CodedRows) => Float64Array {
  const mean = losses.length === 0 ? 0 : losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const effects = reference.columns.map((codes) => new Float64Array(1 + highest(codes)));
  const fitted = new Float64Array(losses.length).fill(mean);
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const [column, codes] of reference.columns.entries()) {
      const effect = effects[column];
      if (effect === undefined) continue;
      const sums = new Float64Array(effect.length);
      const counts = new Float64Array(effect.length);
      for (let row = 0; row < losses.length; row += 1) {
        const code = codes[row] ?? 0;
        sums[code] = (sums[code] ?? 0) + (losses[row] ?? 0) - (fitted[row] ?? 0);
        counts[code] = (counts[code] ?? 0) + 1;
      }
      const step = sums.map((sum, code) => sum / ((counts[code] ?? 0) + SHRINKAGE));
      for (let code = 0; code < effect.length; code += 1) effect[code] = (effect[code] ?? 0) + (step[code] ?? 0);
      for (let row = 0; row < losses.length; row += 1) fitted[row] = (fitted[row] ?? 0) + (step[codes[row] ?? 0] ?? 0);
    }
  }
  return (table) => {
    const expected = new Float64Array(table.rows).fill(mean);
    for (const [column, codes] of table.columns.entries()) {
      const effect = effects[column];
      if (effect === undefined) continue;
      for (let row = 0; row < table.rows; row += 1)
        expected[row] = (expected[row] ?? 0) + (effect[codes[row] ?? 0] ?? 0);
    }
    return expected;
  };
}

const highest = (codes: Uint16Array): number => codes.reduce((most, code) => Math.max(most, code), 0);
