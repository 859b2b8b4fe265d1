import { isWrong } from '../../domain/observation.js';
import type { Observation } from '../../domain/observation.js';

const MIN_LABELS = 100;
const TENTHS = 10;
/** Rows with which a tenth's own confidence counts beside its labels, so that a tenth without labels is taken at its word. */
const STATED_CONFIDENCE_ROWS = 10;

/**
 * How probably an answer is right, from its confidence and what labels said of the baseline's answers with as much: the share
 * right per tenth of confidence, pulled towards the confidence itself. The mean over a window is its confidence-based estimate
 * of accuracy (CBPE, NannyML), which sees other inputs and another model and is blind to another truth.
 * @returns null with fewer than 100 labelled baseline answers
 */
export function calibration(baselineRows: readonly Observation[]): ((confidence: number) => number) | null {
  const labelled = new Array<number>(TENTHS).fill(0);
  const right = new Array<number>(TENTHS).fill(0);
  let all = 0;
  for (const row of baselineRows) {
    const wrong = isWrong(row);
    if (wrong === null || row.confidence === null) continue;
    const tenth = tenthOf(row.confidence);
    labelled[tenth] = (labelled[tenth] ?? 0) + 1;
    right[tenth] = (right[tenth] ?? 0) + (wrong ? 0 : 1);
    all += 1;
  }
  if (all < MIN_LABELS) return null;
  return (confidence) => {
    const tenth = tenthOf(confidence);
    return (
      ((right[tenth] ?? 0) + STATED_CONFIDENCE_ROWS * confidence) / ((labelled[tenth] ?? 0) + STATED_CONFIDENCE_ROWS)
    );
  };
}

const tenthOf = (confidence: number): number => Math.min(TENTHS - 1, Math.max(0, Math.floor(TENTHS * confidence)));
