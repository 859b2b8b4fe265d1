import type { Logger } from '../domain/ports.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';

const TOLD_EVERY_MS = 2_000;

/** Where the service is between start and stop: what `/-/ready`, `mlfi_ready` and everyone turned away are told. */
export class Lifecycle {
  /** From when the service ends. */
  isStopping = false;
  private closed: string | null = 'mlfi is starting';
  private toldAtMs = 0;
  private restoredModels = 0;
  private canWrite = true;

  constructor(
    private readonly metrics: Pick<ProcessMetrics, 'ready'>,
    private readonly logger: Logger,
  ) {
    metrics.ready(false);
  }

  /** Why no request is taken now, null while the service runs. */
  closedBecause(): string | null {
    return this.closed;
  }

  /** `done` of `total` models are restored. */
  restored(done: number, total: number): void {
    this.restoredModels = total;
    this.closed = `mlfi is restoring its models: ${done} of ${total}`;
    const now = performance.now();
    if (done < total && now - this.toldAtMs < TOLD_EVERY_MS) return;
    this.toldAtMs = now;
    this.logger.info({ done, total }, 'restoring models');
  }

  /** Requests are taken from now on. @param models that are watched, those of the configuration file among them */
  running(models: number): void {
    this.closed = null;
    this.metrics.ready(true);
    this.logger.info({ models }, this.restoredModels === 0 ? 'ready' : 'restored and ready');
  }

  stopping(): void {
    this.isStopping = true;
    this.closed = 'mlfi is stopping; another instance, or the next start, takes the request';
    this.metrics.ready(false);
  }

  /** @param storeProblem why the store cannot be written, null when it can; asked only while the service runs */
  async notReadyBecause(storeProblem: () => Promise<string | null>): Promise<string | null> {
    if (this.closed !== null) return this.closed;
    const problem = await storeProblem();
    // The service may have begun to stop meanwhile.
    if (this.closed !== null) return this.closed;
    this.metrics.ready(problem === null);
    if (problem === null && !this.canWrite) this.logger.info({}, 'the store can be written again');
    this.canWrite = problem === null;
    return problem === null ? null : `the store cannot be written now (${problem.replace(CANNOT, '')})`;
  }
}

const CANNOT = /^the store cannot be used: /;
