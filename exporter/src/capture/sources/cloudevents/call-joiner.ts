import type { ModelId } from '../../../domain/identifiers.js';

/** One side of a call, waiting for the other or joined with it. */
export interface HalfCall<T> {
  readonly model: ModelId;
  readonly callId: string;
  readonly side: 'request' | 'response';
  readonly half: T;
  /** What it takes of the memory. */
  readonly bytes: number;
}

export type Joined<T> =
  | { readonly kind: 'waiting' }
  /** `first` is the one of them that waited; `undo` makes it wait again, for a sender that repeats what could not be taken. */
  | { readonly kind: 'pair'; readonly request: T; readonly response: T; readonly first: T; readonly undo: () => void }
  /** The same side again: senders repeat what they do not know to have arrived. */
  | { readonly kind: 'repeated' }
  /** The call was joined, or given up, before. */
  | { readonly kind: 'late' };

export interface GivenUp<T> extends HalfCall<T> {
  /** Its time is over, the memory was needed for newer ones, or mlfi stops. */
  readonly because: 'time' | 'memory' | 'stop';
  /** Of this model pairs have been seen: its responses are logged. */
  readonly modelHasPairs: boolean;
  /** It waits again. */
  readonly undo: () => void;
}

export interface JoinLimits {
  readonly waitMs: number;
  readonly memoryBytes: number;
  /** Absent where memory alone bounds them. */
  readonly halves?: number;
}

/** Ids of calls that are done are known this long in waits, and at most so many. */
const IDS_KEPT = 100_000;

/**
 * Puts requests and responses together that come apart and in either order. What waits is bounded in time and bytes; the
 * oldest is given up first, and told. Time and space per half are constant.
 */
export class CallJoiner<T> {
  /** In order of arrival. */
  private readonly waiting = new Map<string, HalfCall<T> & { readonly sinceMs: number }>();
  private readonly done = new Map<string, { readonly side: 'request' | 'response' | 'both'; readonly atMs: number }>();
  private readonly paired = new Set<ModelId>();
  private heldBytes = 0;

  /** Bytes of what waits. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Halves that wait. */
  get size(): number {
    return this.waiting.size;
  }

  offer(given: HalfCall<T>, nowMs: number): Joined<T> {
    const key = `${given.model}\n${given.callId}`;
    const finished = this.done.get(key);
    if (finished !== undefined)
      return { kind: finished.side === 'both' || finished.side === given.side ? 'repeated' : 'late' };
    const other = this.waiting.get(key);
    if (other === undefined) {
      this.waiting.set(key, { ...given, sinceMs: nowMs });
      this.heldBytes += given.bytes;
      return { kind: 'waiting' };
    }
    if (other.side === given.side) return { kind: 'repeated' };
    this.forget(key, other, 'both', nowMs);
    const undo = this.waitsAgain(key, other, nowMs);
    this.paired.add(given.model);
    const [request, response] = given.side === 'request' ? [given.half, other.half] : [other.half, given.half];
    return { kind: 'pair', request, response, first: other.half, undo };
  }

  /** Null for an event that is whole in itself and came before; `undo` forgets it. */
  isNew(model: ModelId, id: string, nowMs: number): { readonly undo: () => void } | null {
    const key = `${model}\n\n${id}`;
    if (this.done.has(key)) return null;
    this.done.set(key, { side: 'both', atMs: nowMs });
    return { undo: () => void this.done.delete(key) };
  }

  /** Takes out what waited too long, and the oldest of what is beyond the memory; all at a stop. */
  giveUp(
    nowMs: number,
    { waitMs, memoryBytes, halves = Infinity }: JoinLimits,
    isStopping = false,
  ): readonly GivenUp<T>[] {
    const given: GivenUp<T>[] = [];
    for (const [key, half] of this.waiting) {
      const isOld = nowMs - half.sinceMs >= waitMs;
      if (!isOld && !isStopping && this.heldBytes <= memoryBytes && this.waiting.size <= halves) break;
      this.forget(key, half, half.side, nowMs);
      given.push({
        ...half,
        because: isOld ? 'time' : isStopping ? 'stop' : 'memory',
        modelHasPairs: this.paired.has(half.model),
        undo: this.waitsAgain(key, half, nowMs),
      });
    }
    for (const [key, { atMs }] of this.done) {
      if (nowMs - atMs < waitMs && this.done.size <= IDS_KEPT) break;
      this.done.delete(key);
    }
    return given;
  }

  /** As if it had just arrived, for what waits is in order of arrival. */
  private waitsAgain(key: string, half: HalfCall<T>, nowMs: number): () => void {
    return () => {
      this.done.delete(key);
      this.waiting.set(key, { ...half, sinceMs: nowMs });
      this.heldBytes += half.bytes;
    };
  }

  private forget(key: string, { bytes }: HalfCall<T>, side: 'request' | 'response' | 'both', nowMs: number): void {
    this.waiting.delete(key);
    this.heldBytes -= bytes;
    this.done.set(key, { side, atMs: nowMs });
  }
}
