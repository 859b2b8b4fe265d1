import { expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { observation } from '../detection/rows.js';
import { evaluated, failed, type Case } from './evaluated-case.js';

const SINCE_MS = Date.UTC(2026, 11, 1, 5);
/** Calls every second that are answered, and fail, in turns. */
const turning = (failure: Observation, ...lengths: readonly number[]): Case => {
  const rows = lengths.flatMap((length, i) => Array.from({ length }, () => (i % 2 === 0 ? observation() : failure)));
  const timed = rows.map((row, i) => ({ ...row, atMs: SINCE_MS + 1_000 * i }));
  const nowMs = SINCE_MS + 1_000 * rows.length;
  return { rows: timed, nowMs, consecutiveFailures: lengths.at(-1) ?? 0, withBaseline: false };
};

it('failures in bursts are no load where nothing listens during them', () => {
  const { diagnosis } = evaluated(turning(failed('connect'), 50, 12, 12, 12, 12, 10));
  expect(diagnosis.causes.map(({ id }) => id)).not.toContain('overloaded-endpoint');
  expect(diagnosis.causes[0]?.id).toBe('endpoint-errors');
});

it('they may be where something does', () => {
  const { diagnosis } = evaluated(turning(failed('http_5xx', 503), 50, 12, 12, 12, 12, 10));
  expect(diagnosis.causes[0]?.id).toBe('overloaded-endpoint');
});
