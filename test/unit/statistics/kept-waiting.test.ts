import { expect, it } from 'vitest';
import { keptWaiting } from '../../../exporter/src/statistics/kept-waiting.js';
import { failuresNow } from '../../../exporter/src/statistics/rise-of-failures.js';
import { observation, profileOf } from '../detection/rows.js';
import { evaluated, failed, refusedToWait } from '../rca/evaluated-case.js';

const answered = Array.from({ length: 266 }, (_, i) => observation({ atMs: 100 * i }));
const rows = [...answered, refusedToWait(30_000, 60_000), refusedToWait(30_010, 60_000)];

it('two calls are an outage by time, where the server asks to wait', () => {
  expect(keptWaiting(rows, 59_999)).toBeNull();
  expect(keptWaiting(rows, 60_000)).toEqual({ calls: 2, sinceMs: 30_000, askedMs: 60_000 });
  expect(failuresNow(profileOf(rows), rows, 59_999)).toMatchObject({ calls: 268, failures: 2 });
  expect(failuresNow(profileOf(rows), rows, 60_000)).toMatchObject({ calls: 2, failures: 2, sinceMs: 30_000 });
});

it.each([
  ['one call', rows.slice(0, -1)],
  ['a failure that asks for nothing', [...rows, { ...failed('http_5xx', 503), atMs: 31_000 }]],
  ['answers again', [...rows, observation({ atMs: 90_000 })]],
])('not by %s', (_, calls) => {
  expect(keptWaiting(calls, 120_000)).toBeNull();
});

it.each([
  ['by time', { rows, nowMs: 75_000, consecutiveFailures: 2 }, 'seconds_without_an_answer', 45, 30],
  [
    'by a window in which every call failed',
    { rows: rows.slice(-3).map((row) => ({ ...row, ...failed('timeout') })), consecutiveFailures: 3 },
    'consecutive_failures',
    3,
    3,
  ],
])('a finding of an outage stands against the line that decided: %s', (_, given, name, value, threshold) => {
  const found = evaluated(given).diagnosis.findings.find(({ detector }) => detector === 'unreachable');
  expect(found).toMatchObject({ statistic: { name, value }, threshold });
});
