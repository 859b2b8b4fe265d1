import type { Clock, Logger } from '../domain/ports.js';

/** Work done again and again in the background. What fails is logged and tried again at its next turn. */
export class Schedules {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Does `work` every `ms` after it last ended, the first time `later` or `at once`. */
  every(ms: number, work: () => Promise<unknown>, first: 'later' | 'at once' = 'later'): void {
    this.loops.push(this.repeat(ms, work, first));
  }

  /** Resolves when nothing runs any more: what the work uses can then be closed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async repeat(ms: number, work: () => Promise<unknown>, first: 'later' | 'at once'): Promise<void> {
    const { signal } = this.stopping;
    for (let waitMs = first === 'later' ? ms : 0; ; waitMs = ms) {
      if (waitMs > 0) await this.clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      try {
        await work();
      } catch (error) {
        this.logger.error({ error: String(error) }, 'scheduled task failed');
      }
    }
  }
}
