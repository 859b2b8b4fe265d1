import { quantileSorted } from 'simple-statistics';
import type { Differential } from '../../domain/differential.js';
import type { Observation } from '../../domain/observation.js';

const MIN_ROWS = 100;
const MIN_IN_BAND = 30;

function mixIn(rows: readonly Observation[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { prediction } of rows) counts.set(String(prediction), (counts.get(String(prediction)) ?? 0) + 1);
  return new Map([...counts].map(([answer, count]) => [answer, count / rows.length]));
}

/**
 * A moved decision threshold turns only answers the model is unsure of; another model turns sure ones too. Total variation
 * distance of the answers' mix within the unsure and the sure half of the baseline's confidences. Null without
 * confidences or with numeric answers.
 */
export function answerBands(
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['answerBands'] {
  const usable = (row: Observation): boolean => row.confidence !== null && typeof row.prediction === 'string';
  const before = baselineRows.filter(usable);
  const now = rows.filter(usable);
  if (before.length < MIN_ROWS || now.length < MIN_ROWS) return null;
  const middle = quantileSorted(
    before.map(({ confidence }) => confidence ?? 0).sort((a, b) => a - b),
    0.5,
  );
  const distanceIn = (inBand: (confidence: number) => boolean): number | null => {
    const was = before.filter(({ confidence }) => inBand(confidence ?? 0));
    const is = now.filter(({ confidence }) => inBand(confidence ?? 0));
    if (was.length < MIN_IN_BAND || is.length < MIN_IN_BAND) return null;
    const [p, q] = [mixIn(was), mixIn(is)];
    return [...new Set([...p.keys(), ...q.keys()])].reduce(
      (sum, answer) => sum + Math.abs((p.get(answer) ?? 0) - (q.get(answer) ?? 0)) / 2,
      0,
    );
  };
  const unsure = distanceIn((confidence) => confidence < middle);
  const sure = distanceIn((confidence) => confidence >= middle);
  return unsure === null || sure === null ? null : { unsure, sure };
}
