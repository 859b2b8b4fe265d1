import type { Observation } from '../domain/observation.js';
import type { RowPiece } from './row-analysis-worker.js';
import type { RowAnalysisInput } from './row-analysis.js';

/** Cells copied at once; copying so many takes a few milliseconds. */
const CELLS_IN_A_PIECE = 4_000;

/** What a row costs beside its features. */
const CELLS_OF_A_ROW = 10;

/** The rows in pieces small enough to be copied to a worker thread without holding up the event loop. */
export function* rowPieces({ rows, baselineRows, ...context }: RowAnalysisInput): Generator<RowPiece> {
  for (const piece of inPieces(rows)) yield { kind: 'rows', rows: piece };
  for (const piece of inPieces(baselineRows)) yield { kind: 'baseline-rows', rows: piece };
  yield { kind: 'end', context };
}

const cellsOf = ({ features }: Observation): number => CELLS_OF_A_ROW + Object.keys(features ?? {}).length;

/** What analysing the rows costs, roughly: their number of values. */
export const costOf = ({ rows, baselineRows }: RowAnalysisInput): number =>
  [rows, baselineRows].reduce((sum, side) => side.reduce((cells, row) => cells + cellsOf(row), sum), 0);

function* inPieces(rows: readonly Observation[]): Generator<readonly Observation[]> {
  let from = 0;
  let cells = 0;
  for (const [i, row] of rows.entries()) {
    cells += cellsOf(row);
    if (cells < CELLS_IN_A_PIECE) continue;
    yield rows.slice(from, i + 1);
    from = i + 1;
    cells = 0;
  }
  if (from < rows.length) yield rows.slice(from);
}
