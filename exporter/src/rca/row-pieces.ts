import type { RowPiece } from './row-analysis-worker.js';
import type { RowAnalysisInput } from './row-analysis.js';

/** Cells copied at once; copying so many takes a few milliseconds. */
const CELLS_IN_A_PIECE = 4_000;

/** The rows in pieces small enough to be copied to a worker thread without holding up the event loop. */
export function* rowPieces({ rows, baselineRows, ...context }: RowAnalysisInput): Generator<RowPiece> {
  for (const [kind, all] of [
    ['rows', rows],
    ['baseline-rows', baselineRows],
  ] as const) {
    const step = Math.max(1, Math.floor(CELLS_IN_A_PIECE / (10 + Object.keys(all[0]?.features ?? {}).length)));
    for (let from = 0; from < all.length; from += step) yield { kind, rows: all.slice(from, from + step) };
  }
  yield { kind: 'end', context };
}
