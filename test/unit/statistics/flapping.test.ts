import { expect, it } from 'vitest';
import { isFlapping } from '../../../exporter/src/statistics/flapping.js';
import { observation } from '../detection/rows.js';
import { failed } from '../rca/evaluated-case.js';

/** @param calls one letter a call and a second: `a` answered, `f` failed */
const flaps = (calls: string): boolean => {
  const rows = [...calls].map((call, i) => ({
    ...(call === 'f' ? failed('http_5xx', 503) : observation()),
    atMs: 1_000 * i,
  }));
  return isFlapping(rows, 1_000 * (rows.length - 1));
};
const of = (...lengths: readonly number[]): string =>
  lengths.map((length, i) => (i % 2 === 0 ? 'a' : 'f').repeat(length)).join('');

it.each<[string, string, boolean]>([
  ['a second burst after a pause as long as the first', of(50, 7, 7, 5), true],
  ['the same with an answer and a failure in between', `${of(50, 7, 7)}faafff`, true],
  ['a third burst', of(50, 7, 7, 7, 7, 6), true],
  ['the first burst', of(50, 7), false],
  ['a pause', of(50, 7, 7), false],
  ['a second outage long after', of(50, 7, 60, 7), false],
  ['an outage after the bursts, twice as long', of(50, 7, 7, 16), false],
  ['a second outage after a long one', of(50, 60, 20, 10), false],
  ['nothing', '', false],
])('%s', (_, calls, expected) => {
  expect(flaps(calls)).toBe(expected);
});
