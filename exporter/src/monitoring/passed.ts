import type { Clock } from '../domain/ports.js';

/** Waits until that much has passed by a clock that is never set. @returns false when `over` comes before */
export async function passed(clock: Pick<Clock, 'sleep'>, ms: number, over: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0 && !over.aborted; leftMs = untilMs - performance.now()) {
    await clock.sleep(leftMs, over);
    // A clock that does not wait leaves the thread to the others, too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return !over.aborted;
}
