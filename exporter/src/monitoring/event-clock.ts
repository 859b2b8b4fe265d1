import { DelayQuantile } from './delay-quantile.js';

/** Rows may always come this much out of order. */
const LEAST_LATENESS_MS = 10_000;
/** However late rows use to come, what is detected waits no longer than this. */
const MOST_LATENESS_MS = 600_000;
/** At most this share of the rows may come later than what is waited for. */
const LATE_SHARE = 0.005;
/** A source that is silent for this long is waited for no longer, as long as others go on. */
const IDLE_SOURCE_MS = 60_000;
const SOURCES_KEPT = 100;

/** When rows of one source came, and what time they had. */
interface Source {
  /** Newest time of a row, never ahead of its arrival: one row that is dated in the future decides nothing. */
  newestMs: number;
  /** The same as it was sent. */
  furthestMs: number;
  arrivedAtMs: number;
}

/**
 * The time that one model's rows have reached by their own clock: what is older has come, as far as it can be waited for.
 * The watermark of the dataflow model (Akidau et al. 2015): the minimum over sources of the newest event time, less an
 * allowed lateness that is learnt from how late rows come (a high quantile of it, bounded). Pure: the time of arrival is passed in.
 */
export class EventClock {
  private readonly sources = new Map<string, Source>();
  private readonly delays = new DelayQuantile();
  private reachedMs = -Infinity;

  constructor(private readonly leastLatenessMs = LEAST_LATENESS_MS) {}

  /** Takes note of rows of one source that arrived together. @returns whether mlfi's own clock was set back before them: then time starts over */
  arrived(source: string, timesMs: readonly number[], nowMs: number): boolean {
    const wasSetBack = [...this.sources.values()].some(({ arrivedAtMs }) => nowMs < arrivedAtMs - this.leastLatenessMs);
    if (wasSetBack) this.startOver();
    const known = this.sources.get(source) ?? { newestMs: -Infinity, furthestMs: -Infinity, arrivedAtMs: nowMs };
    const newestBefore = known.newestMs;
    for (const atMs of timesMs) {
      this.learn(newestBefore - atMs);
      known.newestMs = Math.max(known.newestMs, Math.min(atMs, nowMs));
      known.furthestMs = Math.max(known.furthestMs, atMs);
    }
    known.arrivedAtMs = Math.max(nowMs, known.arrivedAtMs);
    this.sources.delete(source);
    this.sources.set(source, known);
    for (const oldest of this.sources.keys()) {
      if (this.sources.size <= SOURCES_KEPT) break;
      this.sources.delete(oldest);
    }
    return wasSetBack;
  }

  /** How much out of order rows may come, ms. */
  get latenessMs(): number {
    const learntMs = this.delays.exceededBy(LATE_SHARE);
    return Math.min(MOST_LATENESS_MS, Math.max(this.leastLatenessMs, learntMs));
  }

  /** Rows older than this have come, as far as they are waited for; now before the first row. Never goes back by itself. */
  watermarkMs(nowMs: number): number {
    const all = [...this.sources.values()];
    if (all.length === 0) return nowMs;
    const active = all.filter(({ arrivedAtMs }) => nowMs - arrivedAtMs < Math.max(IDLE_SOURCE_MS, this.latenessMs));
    const reachedMs =
      active.length === 0
        ? Math.max(...all.map((source) => this.reachedBy(source, nowMs)))
        : Math.min(...active.map((source) => this.reachedBy(source, nowMs)));
    this.reachedMs = Math.max(this.reachedMs, reachedMs);
    return this.reachedMs;
  }

  /** True when nothing has arrived for as long as rows may come out of order: then nothing is waited for. */
  isIdle(nowMs: number): boolean {
    return [...this.sources.values()].every(({ arrivedAtMs }) => nowMs - arrivedAtMs >= this.latenessMs);
  }

  private reachedBy({ newestMs, furthestMs, arrivedAtMs }: Source, nowMs: number): number {
    return nowMs - arrivedAtMs >= this.latenessMs ? Math.min(furthestMs, nowMs) : newestMs - this.latenessMs;
  }

  /** What is far too late is told, not waited for. */
  private learn(delayMs: number): void {
    if (delayMs <= MOST_LATENESS_MS) this.delays.add(delayMs);
  }

  private startOver(): void {
    this.sources.clear();
    this.reachedMs = -Infinity;
  }
}
