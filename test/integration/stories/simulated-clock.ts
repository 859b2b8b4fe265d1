import type { Clock } from '../../../exporter/src/domain/ports.js';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands until it is told to go on: what sleeps by it wakes in order, and has done its work before the next wakes. */
export class SimulatedClock implements Clock {
  private sleepers: Sleeper[] = [];

  constructor(private nowMs: number) {}

  now(): number {
    return this.nowMs;
  }

  /** When the next sleeper wakes; infinity where nothing sleeps. */
  get nextMs(): number {
    return Math.min(...this.sleepers.map(({ atMs }) => atMs));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return void resolve();
      const sleeper: Sleeper = {
        atMs: this.nowMs + ms,
        wake: () => {
          this.sleepers = this.sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** @param settled resolves when the work of those that woke is done */
  async advance(ms: number, settled: () => Promise<void>): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const { nextMs } = this;
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const sleeper of this.sleepers.filter(({ atMs }) => atMs <= this.nowMs)) sleeper.wake();
      await settled();
    }
    this.nowMs = untilMs;
    await settled();
  }
}
