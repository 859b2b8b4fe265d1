import type { Observation } from '../domain/observation.js';

/** Failures in a row, at least, and for how long: a server that starts anew asks for less. */
const FEWEST_CALLS = 2;
export const LONG_MS = 30_000;

/** What a server that refuses each call asks for. */
export interface KeptWaiting {
  readonly calls: number;
  readonly sinceMs: number;
  /** As it said last. */
  readonly askedMs: number;
}

/** The failures that the newest calls are, oldest first. */
export const newestFailures = (rows: readonly Observation[]): readonly Observation[] =>
  rows.slice(rows.findLastIndex(({ failure }) => failure === null) + 1);

/**
 * Whether a server has refused every call for long, and asked each time to wait: few are made meanwhile, so that it is by time that no
 * call is answered, and not by how many. Null where it has not.
 * @param rows oldest first
 */
export function keptWaiting(rows: readonly Observation[], nowMs: number): KeptWaiting | null {
  const newest = newestFailures(rows);
  const waits = newest.flatMap(({ failure }) => failure?.retryAfterMs ?? []);
  const [first] = newest;
  const askedMs = waits.at(-1);
  if (first === undefined || askedMs === undefined) return null;
  const isLong = newest.length >= FEWEST_CALLS && nowMs - first.atMs >= LONG_MS;
  return isLong && waits.length === newest.length ? { calls: newest.length, sinceMs: first.atMs, askedMs } : null;
}
