import { categoricalTotal } from '../../statistics/signal-counts.js';
import type { Differential } from '../../domain/differential.js';
import type { WindowProfile } from '../../domain/profile.js';

const MIN_BEFORE = 0.08;
/** Present at most at this part of its old share. */
const MAX_LEFT = 0.1;
/** Total variation distance among the rest that chance and correlation leave. */
const MAX_REST_DISTANCE = 0.15;
const MIN_VALUES = 100;

/**
 * A category that has almost stopped coming while the others kept their proportions to each other and nothing new came in
 * its place: a source of traffic is gone. Of several the largest, for smaller ones go with it. Where the others changed their
 * proportions too, it is another mix of traffic and no loss.
 */
export function lostSegment(baseline: WindowProfile, window: WindowProfile): Differential['lostSegment'] {
  let best: Differential['lostSegment'] = null;
  for (const [key, now] of window.signals) {
    const before = baseline.signals.get(key);
    if (!key.startsWith('feature:') || before?.kind !== 'categorical' || now.kind !== 'categorical') continue;
    const n = categoricalTotal(before);
    const m = categoricalTotal(now);
    if (n < MIN_VALUES || m < MIN_VALUES) continue;
    for (const [name, count] of before.categories) {
      const was = count / n;
      const is = (now.categories.get(name) ?? 0) / m;
      if (was < MIN_BEFORE || is > MAX_LEFT * was) continue;
      // Names that were too rare in each stored window to be kept may have come in its place.
      let restDistance = Math.abs(before.other / (n * (1 - was)) - now.other / Math.max(1e-9, m * (1 - is))) / 2;
      for (const other of new Set([...before.categories.keys(), ...now.categories.keys()])) {
        if (other === name) continue;
        const p = (before.categories.get(other) ?? 0) / Math.max(1e-9, n * (1 - was));
        const q = (now.categories.get(other) ?? 0) / Math.max(1e-9, m * (1 - is));
        restDistance += Math.abs(p - q) / 2;
      }
      if (restDistance <= MAX_REST_DISTANCE && (best === null || was > best.before)) {
        const feature = key.slice('feature:'.length);
        best = {
          features: [feature],
          predicate: `${feature} = ${name.slice(0, 60)}`,
          before: was,
          now: is,
          restDistance,
        };
      }
    }
  }
  return best;
}
