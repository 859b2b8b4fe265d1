/** What is dated before was dated in another unit, or by a clock that was never set. */
export const OLDEST_MS = Date.UTC(2000, 0, 1);

/** A clock more than this ahead is wrong. */
export const FUTURE_TOLERANCE_MS = 5 * 60_000;

const YEAR_MS = 366 * 86_400_000;

/** Why a time that somebody gives in milliseconds since 1970 cannot be meant; null where it can. */
export function implausible(atMs: number, nowMs: number): string | null {
  if (atMs >= OLDEST_MS && atMs <= nowMs + FUTURE_TOLERANCE_MS) return null;
  const right = `send milliseconds since 1970, now ${nowMs}`;
  const isOfOurTime = (ms: number): boolean => ms >= OLDEST_MS && ms <= nowMs + YEAR_MS;
  if (isOfOurTime(atMs * 1e3)) return `this looks like seconds; ${right}`;
  if (isOfOurTime(atMs / 1e3)) return `this looks like microseconds; ${right}`;
  if (isOfOurTime(atMs / 1e6)) return `this looks like nanoseconds; ${right}`;
  return atMs < OLDEST_MS
    ? `lies before the year 2000; ${right}`
    : `lies more than 5 minutes in the future; check the sender’s clock, and ${right}`;
}
