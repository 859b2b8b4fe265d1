/** Entry of a worker thread: takes rows in pieces over a port, so that no message is large, and analyses them. */
import { on } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { Observation } from '../domain/observation.js';
import type { RowAnalysis } from '../domain/row-analysis.js';
import { analyseRows, type RowAnalysisInput } from './row-analysis.js';

export type RowPiece =
  | { readonly kind: 'rows' | 'baseline-rows'; readonly rows: readonly Observation[] }
  | { readonly kind: 'end'; readonly context: Omit<RowAnalysisInput, 'rows' | 'baselineRows'> };

export default async function work({ port }: { readonly port: MessagePort }): Promise<RowAnalysis> {
  const rows: Observation[] = [];
  const baselineRows: Observation[] = [];
  for await (const [piece] of on(port, 'message', { close: ['close'] }) as AsyncIterable<readonly [RowPiece]>) {
    if (piece.kind === 'end') {
      port.close();
      return analyseRows({ ...piece.context, rows, baselineRows });
    }
    for (const row of piece.rows) (piece.kind === 'rows' ? rows : baselineRows).push(row);
  }
  throw new Error('the rows to analyse were not sent to the end');
}
