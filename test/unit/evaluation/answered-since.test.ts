import { expect, it } from 'vitest';
import { answeredSinceMs } from '../../../exporter/src/evaluation/answered-since.js';
import { failed } from '../rca/evaluated-case.js';
import { observation } from '../detection/rows.js';

/** @param calls one letter a call and a millisecond: `a` answered, `f` failed */
const since = (calls: string, consecutiveFailures = 0, lastAnswerAtMs: number | null = null): number | null =>
  answeredSinceMs({
    rows: [...calls].map((call, atMs) => (call === 'f' ? { ...failed('connect', null), atMs } : observation({ atMs }))),
    consecutiveFailures,
    lastAnswerAtMs,
  });

it.each<[string, string, number | null]>([
  ['an outage', 'aaaaffffffffffaa', 14],
  ['an outage, told by its beginning and end in one', `${'f'.repeat(30)}a${'f'.repeat(5)}aaa`, 36],
  ['a lone failure long before', `f${'a'.repeat(50)}${'f'.repeat(20)}aa`, 71],
  ['an outage, and calls that fail between answers', `${'f'.repeat(20)}aaafaaafaaa`, null],
  ['calls that fail between answers', 'afaafafaaa', null],
  ['nothing that failed', 'aaaa', 0],
])('%s', (_, calls, expected) => {
  expect(since(calls)).toBe(expected);
});

it('not while the newest call failed, in the window or after it, nor without any call', () => {
  expect([since('aafff', 3), since('aaaa', 2), since('')]).toEqual([null, null, null]);
});

it('of before a restart the counters know', () => {
  expect(since('', 0, 77)).toBe(77);
});

it('does not creep on with the window: the first answer is kept', () => {
  const rows = [observation({ atMs: 500 }), observation({ atMs: 600 })];
  expect(answeredSinceMs({ rows, consecutiveFailures: 0, answersSinceMs: 77, lastAnswerAtMs: 600 })).toBe(77);
});
