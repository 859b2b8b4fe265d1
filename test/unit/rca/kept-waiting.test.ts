import { expect, it } from 'vitest';
import { isUnanswered } from '../../../exporter/src/incidents/story.js';
import { evaluated, refusedToWait, rowsOf } from './evaluated-case.js';

const SINCE_MS = Date.UTC(2026, 11, 1, 1, 27);
const calls = (count: number) => [
  ...rowsOf('before', 266).map((row, i) => ({ ...row, atMs: SINCE_MS - 100 * (266 - i) })),
  ...Array.from({ length: count }, (_, i) => refusedToWait(SINCE_MS + 60_000 * Math.floor(i / 2), 60_000)),
];

it.each([
  [2, 31_000],
  [4, 61_000],
])('a host that refuses %i calls and asks to wait a minute each time is down, while it is learnt', (count, afterMs) => {
  const { diagnosis, explanation } = evaluated({
    rows: calls(count),
    withBaseline: false,
    consecutiveFailures: count,
    nowMs: SINCE_MS + afterMs,
  });
  expect(diagnosis.severity).toBe('critical');
  expect(isUnanswered(diagnosis)).toBe(true);
  expect(explanation.headline).toContain('Every call fails: the server answered 503: “overloaded”');
  expect(explanation.headline).toContain(
    `No answer since 2026-12-01 01:27 UTC; the server asks to wait 60 s (${count} of ${count} calls failed since).`,
  );
  expect(JSON.stringify(explanation)).not.toMatch(/of the calls were answered|in bursts/);
});
