import type { Clock, Logger } from '../domain/ports.js';

/** Work done again and again in the background. What fails is logged and tried again at its next turn. */
export class Schedules {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Does `work` every `ms` after it last ended. */
  every(ms: number, work: () => Promise<unknown>): void {
    this.loops.push(this.repeat(ms, work));
  }

  /** Resolves when nothing runs any more: what the work uses can then be closed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async repeat(ms: number, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await this.clock.sleep(ms, signal);
      if (signal.aborted) return;
      try {
        await work();
      } catch (error) {
        this.logger.error({ error: String(error) }, 'upkeep failed');
      }
    }
  }
}
