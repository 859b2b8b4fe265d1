import { compareCategorical, compareNumeric } from '../../statistics/compare.js';
import { missingShare } from '../../statistics/signal-counts.js';
import type { WindowProfile } from '../../domain/profile.js';

const SHOWN = 10;
const MIN_VALUES = 30;

/** The inputs that moved furthest, furthest first: distance between baseline and window, or the rise of the missing share if larger. */
export function featureMoves(baseline: WindowProfile, window: WindowProfile): { label: string; value: number }[] {
  const moves: { label: string; value: number }[] = [];
  for (const [key, now] of window.signals) {
    const before = baseline.signals.get(key);
    if (!key.startsWith('feature:') || before === undefined || window.calls < MIN_VALUES) continue;
    const distance =
      before.kind === 'numeric' && now.kind === 'numeric'
        ? compareNumeric(before, now).ksStatistic
        : before.kind === 'categorical' && now.kind === 'categorical'
          ? compareCategorical(before, now).totalVariation
          : 0;
    const value = Math.max(distance, missingShare(now) - missingShare(before));
    moves.push({ label: key.slice('feature:'.length), value: Number.isFinite(value) ? value : 0 });
  }
  return moves.sort((a, b) => b.value - a.value).slice(0, SHOWN);
}
