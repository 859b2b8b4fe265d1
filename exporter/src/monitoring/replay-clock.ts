import type { Clock } from '../domain/ports.js';

/** A clock that stands where the rows of a replay have come to. Nobody waits by it: whoever sleeps goes on in the next turn. */
export class ReplayClock implements Clock {
  constructor(private atMs: number) {}

  now(): number {
    return this.atMs;
  }

  sleep(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Never goes back. */
  moveTo(atMs: number): void {
    this.atMs = Math.max(this.atMs, atMs);
  }
}
