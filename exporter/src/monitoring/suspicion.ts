import type { Sample } from '../domain/observation.js';

/** Newest confidences that are compared with those before. */
const NEWEST = 3;
const FEWEST_BEFORE = 20;
const KEPT = 120;
/** A second look at the same thing within this time would bring the same. */
const QUIET_MS = 600_000;

/** Probes that are asked for when something looks wrong: as many as a check needs to tell. */
export const FOLLOW_UP_CALLS = 30;

/**
 * Whether the newest answers of a model look unlike all those before, so that asking more of it now is worth the calls: each of
 * the newest confidences is below all that came before (by chance once in 1,771 times with 20 before: n!·m!/(n + m)!).
 */
export class Suspicion {
  private confidences: readonly number[] = [];
  private quietUntilMs = 0;

  /** Takes probes in. @returns whether to ask again at once; then not again for ten minutes */
  raisedBy(samples: readonly Sample[], nowMs: number): boolean {
    const newest = samples.flatMap(({ observation }) => observation.confidence ?? []);
    this.confidences = [...this.confidences, ...newest].slice(-KEPT);
    if (newest.length === 0 || nowMs < this.quietUntilMs) return false;
    const before = this.confidences.slice(0, -NEWEST);
    const since = this.confidences.slice(-NEWEST);
    if (before.length < FEWEST_BEFORE || Math.max(...since) >= Math.min(...before)) return false;
    this.quietUntilMs = nowMs + QUIET_MS;
    return true;
  }
}
