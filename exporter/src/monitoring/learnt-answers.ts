import type { LearntAnswers } from '../domain/probed-model.js';
import type { BaselineProfile, SignalCounts } from '../domain/profile.js';
import { cellMiddle } from '../statistics/grid.js';
import { validTotal } from '../statistics/signal-counts.js';

/** A whole number is told from its cell's middle up to this part of it. */
const ROUNDING = 0.05;

/** What a baseline holds of answers; null without one. */
export function learntAnswers(baseline: BaselineProfile | null): LearntAnswers | null {
  if (baseline === null) return null;
  const { signals } = baseline.profile;
  const [prediction, confidence] = [signals.get('prediction'), signals.get('confidence')];
  return {
    classes: prediction === undefined ? [] : classesIn(prediction),
    hasConfidence: confidence !== undefined && validTotal(confidence) > 0,
  };
}

function classesIn(counts: SignalCounts): readonly string[] {
  if (counts.kind === 'categorical') return [...counts.categories.keys()];
  const { grid } = counts;
  return [...counts.cells.keys()].map((cell) => {
    const middle = cellMiddle(grid, cell);
    const whole = Math.round(middle);
    return String(Math.abs(middle - whole) <= ROUNDING * Math.max(1, Math.abs(whole)) ? whole : middle);
  });
}
