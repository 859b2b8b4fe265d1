import type { Clock } from '../domain/ports.js';
import { besideLanes } from '../incidents/model-lane.js';

/** Many callers, one write: everything asked for within `delayMs` of each other is committed together. */
export interface GroupCommit {
  /** Resolves when a commit that began after this call has succeeded; rejects with that commit's error. */
  request(): Promise<void>;
  /** Resolves when nothing is pending or running. */
  settle(): Promise<void>;
}

/**
 * @param write commits all that changed since it last succeeded; never called twice at the same time
 * @param delayMs how long the first caller waits for company
 */
export function createGroupCommit(clock: Clock, delayMs: number, write: () => Promise<unknown>): GroupCommit {
  let waiting: Promise<void> | null = null;
  let running: Promise<unknown> = Promise.resolve();

  const start = async (): Promise<void> => {
    await clock.sleep(delayMs);
    await running.catch(() => undefined);
    waiting = null;
    running = write();
    await running;
  };

  return {
    request() {
      // Also when a model's lane is held just now: it takes the lanes once they are free.
      waiting ??= besideLanes(start);
      return waiting;
    },
    async settle() {
      while (waiting !== null) await waiting.catch(() => undefined);
      await running.catch(() => undefined);
    },
  };
}
