import type { Store } from '../domain/ports.js';
import { within } from '../domain/within.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';

/** Whoever asks waits this long for the store's own answer, and is told the last one otherwise. */
const ASKED_MS = 1_000;

/** Whether the store can be written: what was seen last, and what it says when it is asked. */
export class StoreWatch {
  private last: string | null = null;
  private asking: Promise<string | null> | null = null;

  constructor(
    private readonly store: Pick<Store, 'awayBecause' | 'check'>,
    private readonly metrics: Pick<ProcessMetrics, 'storeUp'>,
  ) {}

  /** Why it cannot be written, null when it can; within a second. */
  async problem(): Promise<string | null> {
    const away = this.store.awayBecause();
    if (away !== null) return this.seen(away);
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return within(ASKED_MS, this.asking, () => this.last);
  }

  /** Whether what is known of the store without asking has changed. */
  hasChanged(): boolean {
    return (this.store.awayBecause() === null) !== (this.last === null);
  }

  private async ask(): Promise<string | null> {
    const problem = await this.store.check().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return this.seen(problem);
  }

  private seen(problem: string | null): string | null {
    this.last = problem;
    this.metrics.storeUp(problem === null);
    return problem;
  }
}
