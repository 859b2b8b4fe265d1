import type { ModelId } from '../domain/identifiers.js';
import type { Clock, Logger } from '../domain/ports.js';

export interface EvaluationSchedule {
  ids(): readonly ModelId[];
  /** Whether there is something to evaluate: new evidence, an unfinished story, or enough quiet. */
  isDue(id: ModelId, nowMs: number): boolean;
  /** When the model was last evaluated; null for never. */
  evaluatedAtMs(id: ModelId): number | null;
  /** @param hurry aborted once somebody waits for the evaluation to be over */
  evaluate(id: ModelId, hurry: AbortSignal): Promise<void>;
}

/** A requested evaluation follows the one before by at least this: requests in a burst are one. */
const REQUESTS_APART_MS = 1_000;

/**
 * When a model is evaluated: by need, the longest waiting first, each beside the others, so that a slow one delays none. One
 * model is never evaluated twice at the same time.
 */
export class EvaluationLoop {
  private readonly running = new Map<ModelId, { readonly over: Promise<void>; readonly hurry: AbortController }>();
  private readonly requested = new Set<ModelId>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: { readonly clock: Clock; readonly logger: Logger },
    private readonly schedule: EvaluationSchedule,
    /** How often it is looked which models are due. */
    private readonly everyMs: () => number,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  /** Begins no evaluation any more and resolves when those under way are over. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { hurry } of this.running.values()) hurry.abort();
    await this.loop;
    await Promise.all([...this.running.values()].map(({ over }) => over));
  }

  /** Evaluates the model as soon as may be, whether or not there is new evidence. */
  request(id: ModelId): void {
    this.requested.add(id);
    const lastMs = this.schedule.evaluatedAtMs(id) ?? -Infinity;
    if (this.ports.clock.now() - lastMs >= REQUESTS_APART_MS) this.begin(id);
  }

  /** Resolves when no evaluation of the model is under way. */
  async settled(id: ModelId): Promise<void> {
    this.requested.delete(id);
    const running = this.running.get(id);
    running?.hurry.abort();
    await running?.over;
  }

  private async run(): Promise<void> {
    const { clock } = this.ports;
    while (!this.stopping.signal.aborted) {
      const startedAtMs = clock.now();
      for (const id of this.due(startedAtMs)) {
        if (this.stopping.signal.aborted) return;
        this.begin(id);
        // Evaluating is work on this thread: what else waits for the thread goes first.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await clock.sleep(Math.max(1, this.everyMs() - (clock.now() - startedAtMs)), this.stopping.signal);
    }
  }

  private due(nowMs: number): readonly ModelId[] {
    return this.schedule
      .ids()
      .filter((id) => this.requested.has(id) || this.schedule.isDue(id, nowMs))
      .map((id) => ({ id, atMs: this.schedule.evaluatedAtMs(id) ?? -Infinity }))
      .sort((a, b) => (a.atMs === b.atMs ? 0 : a.atMs - b.atMs))
      .map(({ id }) => id);
  }

  private begin(id: ModelId): void {
    if (this.running.has(id) || this.stopping.signal.aborted) return;
    this.requested.delete(id);
    const hurry = new AbortController();
    const over = this.schedule
      .evaluate(id, hurry.signal)
      .catch((error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.ports.logger.error({ model: id, error: text }, 'evaluation failed');
      })
      .finally(() => this.running.delete(id));
    this.running.set(id, { over, hurry });
  }
}
