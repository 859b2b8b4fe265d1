import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import type { RowAnalysis } from '../domain/row-analysis.js';
import { analyseRows, isSmall } from '../rca/row-analysis.js';
import type { RowPiece } from '../rca/row-analysis-worker.js';
import { costOf, rowPieces } from '../rca/row-pieces.js';
import { createAnalysisPool } from '../system/analysis-pool.js';
import type { Foundation } from './foundation.js';

/** @returns what analyses rows: few at once, many in a worker thread that live models and imports share */
export function wireRowAnalysis({ closing }: Pick<Foundation, 'closing'>): RowAnalysisPorts['analyseRows'] {
  const analysts = createAnalysisPool<RowPiece, RowAnalysis>(
    new URL('../rca/row-analysis-worker', import.meta.url),
    import.meta.url,
  );
  closing.push('analysis workers', () => analysts.close());
  return (input) =>
    isSmall(input) ? Promise.resolve(analyseRows(input)) : analysts.run(rowPieces(input), costOf(input));
}
