import type { Clock } from '../domain/ports.js';

/**
 * A clock that stands where the rows of a replay have come to. Nobody waits by it: whoever sleeps goes on once what the replay
 * is working on is done, so that the same rows tell the same story however long the work takes.
 */
export class ReplayClock implements Clock {
  private readonly working = new Set<Promise<unknown>>();

  constructor(private atMs: number) {}

  now(): number {
    return this.atMs;
  }

  async sleep(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.allSettled(this.working);
  }

  /** The clock stands until `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.working.add(work);
    try {
      return await work;
    } finally {
      this.working.delete(work);
    }
  }

  /** Never goes back. */
  moveTo(atMs: number): void {
    this.atMs = Math.max(this.atMs, atMs);
  }
}
