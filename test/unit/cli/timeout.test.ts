import { expect, it } from 'vitest';
import { timeoutMsOf } from '../../../exporter/src/cli/investigate.js';

it.each([
  ['2', 2_000],
  ['0.5', 500],
  ['2s', 2_000],
  ['500ms', 500],
  ['1m', 60_000],
  ['soon', NaN],
])('a time to wait of %s', (text, expected) => {
  expect(timeoutMsOf(text)).toBe(expected);
});
