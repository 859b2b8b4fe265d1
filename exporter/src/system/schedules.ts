import type { Clock, Logger } from '../domain/ports.js';

/** A task may wait for an answer over the network: a stop has more to do than to wait for it. */
const STOP_WITHIN_MS = 5_000;

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

  /** Resolves when nothing runs any more, so that what the work uses can be closed, and at the latest after `STOP_WITHIN_MS`. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const ended = new AbortController();
    const tooLong = this.clock.sleep(STOP_WITHIN_MS, ended.signal).then(() => {
      if (!ended.signal.aborted) this.logger.warn({}, 'a scheduled task does not end; the stop goes on without it');
    });
    await Promise.race([Promise.all(this.loops), tooLong]);
    ended.abort();
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
