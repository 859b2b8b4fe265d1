import { DelayQuantile } from './delay-quantile.js';

/** Rows may always come this much out of order. */
const LEAST_LATENESS_MS = 10_000;
/** However late rows use to come, what is detected waits no longer than this. */
const MOST_LATENESS_MS = 600_000;
/** At most this share of the rows may come later than what is waited for. */
const LATE_SHARE = 0.005;
/** A sender that is silent for this long is waited for no longer, as long as others go on. */
const IDLE_SENDER_MS = 60_000;
/** So long it takes, from the first arrival on, to know who sends. A sender that joins later has its first rows counted as late. */
const INTRODUCTION_MS = 15_000;
/** Senders that are remembered; one that comes again when it is forgotten is taken for new. */
const SENDERS_KEPT = 1_000;
/** Where waiting loses rows, none waits for so many times as long as it would: of a life that lasts longer no more than this part is lost. */
const AT_ONCE_FOR = 6;

/** So many rows, one after the other, of one sender. */
export interface RowsOfSender {
  readonly sender: string;
  readonly rows: number;
}

/** When rows of one sender came, and what time they had. */
interface Sender {
  /** Newest time of a row, never ahead of its arrival: one row that is dated in the future decides nothing. */
  newestMs: number;
  /** The same as it was sent. */
  furthestMs: number;
  arrivedAtMs: number;
  /** Since when it is further behind the newest sender than rows may be late, by mlfi's clock; null while it is not. */
  behindSinceMs: number | null;
}

/**
 * The time that one model's rows have reached by their own clock: what is older has come, as far as it can be waited for.
 * The watermark of the dataflow model (Akidau et al. 2015): the minimum over senders of the newest event time, less an
 * allowed lateness that is learnt from how late rows come (a high quantile of it, bounded). Nobody is waited for longer than
 * rows may be late at most. Pure: the time of arrival is passed in.
 */
export class EventClock {
  private readonly senders = new Map<string, Sender>();
  private readonly delays = new DelayQuantile();
  private reachedMs = -Infinity;
  private firstArrivalMs = Infinity;

  /** @param judgesAtOnce rows are lost when they wait: the process was ended before it had judged those that came to it */
  constructor(private judgesAtOnce = false) {}

  /** Takes note of rows of one sender that arrived together. @returns whether mlfi's own clock was set back before them: then time starts over */
  arrived(sender: string, timesMs: readonly number[], nowMs: number): boolean {
    const wasSetBack = [...this.senders.values()].some(({ arrivedAtMs }) => nowMs < arrivedAtMs - LEAST_LATENESS_MS);
    if (wasSetBack) this.startOver();
    this.firstArrivalMs = Math.min(this.firstArrivalMs, nowMs);
    const remembered = this.senders.get(sender);
    // Nobody waited for a sender that was forgotten: how late its rows come is told by the newest of all, not by the slowest.
    const isForgotten = remembered === undefined && this.senders.size >= SENDERS_KEPT;
    const newestBefore = isForgotten ? this.newestKnownMs() : this.reachedByAllMs(nowMs);
    const known = remembered ?? {
      newestMs: -Infinity,
      furthestMs: -Infinity,
      arrivedAtMs: nowMs,
      behindSinceMs: null,
    };
    for (const atMs of timesMs) {
      this.learn(newestBefore - atMs);
      known.newestMs = Math.max(known.newestMs, Math.min(atMs, nowMs));
      known.furthestMs = Math.max(known.furthestMs, atMs);
    }
    known.arrivedAtMs = Math.max(nowMs, known.arrivedAtMs);
    this.senders.delete(sender);
    this.senders.set(sender, known);
    for (const oldest of this.senders.keys()) {
      if (this.senders.size <= SENDERS_KEPT) break;
      this.senders.delete(oldest);
    }
    this.noteWhoIsBehind(nowMs);
    return wasSetBack;
  }

  /** How much out of order rows may come, ms. */
  get latenessMs(): number {
    const learntMs = this.delays.exceededBy(LATE_SHARE);
    return Math.min(MOST_LATENESS_MS, Math.max(LEAST_LATENESS_MS, learntMs));
  }

  /** Senders that are remembered. */
  get size(): number {
    return this.senders.size;
  }

  /** Rows older than this have come, as far as they are waited for; now before the first row. Never goes back by itself. */
  watermarkMs(nowMs: number): number {
    if (this.senders.size === 0) return nowMs;
    const isKnownWhoSends = nowMs - this.firstArrivalMs >= INTRODUCTION_MS || this.isIdle(nowMs);
    if (!isKnownWhoSends) return this.reachedMs;
    const { latenessMs } = this;
    const isAtOnce = this.isAtOnce(nowMs);
    const reachedBy = ({ newestMs, furthestMs, arrivedAtMs }: Sender): number =>
      isAtOnce || nowMs - arrivedAtMs >= latenessMs ? Math.min(furthestMs, nowMs) : newestMs - latenessMs;
    const awaited = isAtOnce ? [] : this.awaited(nowMs);
    const reachedMs =
      awaited.length === 0
        ? Math.max(...[...this.senders.values()].map(reachedBy))
        : Math.min(...awaited.map(reachedBy));
    this.reachedMs = Math.max(this.reachedMs, reachedMs);
    return this.reachedMs;
  }

  /** When nothing is waited for any more if nothing more comes; -∞ before the first row. */
  get idleFromMs(): number {
    const { latenessMs } = this;
    return Math.max(-Infinity, ...[...this.senders.values()].map(({ arrivedAtMs }) => arrivedAtMs + latenessMs));
  }

  /** True when nothing has arrived for as long as rows may come out of order: then nothing is waited for. */
  isIdle(nowMs: number): boolean {
    return this.isAtOnce(nowMs) || nowMs >= this.idleFromMs;
  }

  /** True while nothing is waited for: until rows have come for so long that those which would wait are few among them. */
  isAtOnce(nowMs: number): boolean {
    return this.judgesAtOnce && nowMs - this.firstArrivalMs < AT_ONCE_FOR * this.latenessMs;
  }

  /** What waited has been judged, and that is stored: with the process nothing is lost. */
  endInOrder(): void {
    this.judgesAtOnce = false;
  }

  /** Those whose rows are waited for: they send, and what they send can still come in time. */
  private awaited(nowMs: number): readonly Sender[] {
    const idleMs = Math.max(IDLE_SENDER_MS, this.latenessMs);
    return [...this.senders.values()].filter(
      ({ newestMs, arrivedAtMs, behindSinceMs }) =>
        nowMs - arrivedAtMs < idleMs &&
        newestMs >= this.reachedMs - MOST_LATENESS_MS &&
        (behindSinceMs === null || nowMs - behindSinceMs < MOST_LATENESS_MS),
    );
  }

  /** The newest time that all senders have reached who are waited for. */
  private reachedByAllMs(nowMs: number): number {
    const awaited = this.awaited(nowMs).map(({ newestMs }) => newestMs);
    if (awaited.length > 0) return Math.min(...awaited);
    return this.newestKnownMs();
  }

  /** The newest time of any sender. */
  private newestKnownMs(): number {
    return Math.max(-Infinity, ...[...this.senders.values()].map(({ newestMs }) => newestMs));
  }

  private noteWhoIsBehind(nowMs: number): void {
    const newestMs = this.newestKnownMs();
    for (const sender of this.senders.values())
      sender.behindSinceMs = newestMs - sender.newestMs > MOST_LATENESS_MS ? (sender.behindSinceMs ?? nowMs) : null;
  }

  /** What is far too late is told, not waited for. */
  private learn(delayMs: number): void {
    if (delayMs <= MOST_LATENESS_MS) this.delays.add(delayMs);
  }

  /** Nothing is known of who sends, or of any time. */
  startOver(): void {
    this.senders.clear();
    this.reachedMs = -Infinity;
    this.firstArrivalMs = Infinity;
  }
}
