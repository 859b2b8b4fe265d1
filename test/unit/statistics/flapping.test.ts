import { expect, it } from 'vitest';
import { flapping, isFlapping } from '../../../exporter/src/statistics/flapping.js';
import { observation } from '../detection/rows.js';
import { failed } from '../rca/evaluated-case.js';

/** @param calls one letter a call: `a` answered, `f` failed */
const rowsOf = (calls: string, everyMs = 1_000) =>
  [...calls].map((call, i) => ({
    ...(call === 'f' ? failed('http_5xx', 503) : observation()),
    atMs: everyMs * i,
  }));
const flaps = (calls: string): boolean => isFlapping(rowsOf(calls), 1_000 * (calls.length - 1));
const of = (...lengths: readonly number[]): string =>
  lengths.map((length, i) => (i % 2 === 0 ? 'a' : 'f').repeat(length)).join('');

it.each<[string, string, boolean]>([
  ['a second burst after a pause as long as the first', of(50, 7, 7, 5), true],
  ['the same with an answer and a failure in between', `${of(50, 7, 7)}faafffff`, true],
  ['a third burst', of(50, 7, 7, 7, 7, 6), true],
  ['the first burst', of(50, 7), false],
  ['a pause', of(50, 7, 7), false],
  ['a second outage long after', of(50, 7, 60, 7), false],
  ['an outage after the bursts, twice as long', of(50, 7, 7, 16), false],
  ['a second outage after a long one', of(50, 60, 20, 10), false],
  ['nothing', '', false],
  ['one burst where the first calls went by chance', 'aaaaffaaaaaafffff', false],
])('%s', (_, calls, expected) => {
  expect(flaps(calls)).toBe(expected);
});

it('counts all bursts and pauses since the first, in a burst and in a pause', () => {
  for (const calls of [of(50, 7, 7, 5), of(50, 7, 7, 7, 4), of(50, 7, 7, 7, 7, 3)])
    expect(flapping(rowsOf(calls), 1_000 * (calls.length - 1))).toHaveLength(calls.length - 50);
});

it('is over after a pause that is twice as long', () => {
  const calls = of(50, 7, 7, 7, 16);
  expect(flapping(rowsOf(calls), 1_000 * (calls.length - 1))).toBeNull();
});

it('takes no minutes without an answer for a burst, however few calls that is', () => {
  const calls = of(50, 20, 30, 29);
  expect(isFlapping(rowsOf(calls, 60_000), 60_000 * (calls.length - 1))).toBe(false);
  expect(isFlapping(rowsOf(calls), 1_000 * (calls.length - 1))).toBe(true);
});
