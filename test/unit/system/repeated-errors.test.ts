import { expect, it } from 'vitest';
import { RepeatedErrors } from '../../../exporter/src/system/repeated-errors.js';

it('tells the same error once a minute, with how often it came in between, and another at once', () => {
  const errors = new RepeatedErrors();
  expect(errors.came('commit failed', 0)).toBe(0);
  for (let i = 1; i <= 500; i += 1) expect(errors.came('commit failed', 100 * i)).toBeNull();
  expect(errors.came('another', 50_000)).toBe(0);
  expect(errors.came('commit failed', 60_000)).toBe(500);
  expect(errors.came('commit failed', 60_001)).toBeNull();
  expect(errors.came('commit failed', 120_000)).toBe(1);
  // The clock was set back.
  expect(errors.came('commit failed', 0)).toBe(0);
});

it('remembers a thousand, those that were told last', () => {
  const errors = new RepeatedErrors();
  for (let i = 0; i < 1_001; i += 1) errors.came(`error ${i}`, i);
  expect(errors.came('error 1000', 2_000)).toBeNull();
  expect(errors.came('error 1', 2_000)).toBeNull();
  expect(errors.came('error 0', 2_000)).toBe(0);
});
