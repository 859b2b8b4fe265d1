import type { Estimate } from '../domain/validation.js';
import { studentTwoSided } from './special-functions.js';

/** The mean of a sample with its Student t interval; null for fewer than two values. */
export function meanInterval(values: readonly number[], level = 0.95): Estimate | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile(level, n - 1) * Math.sqrt(variance / n);
  return { value: mean, interval: { low: mean - half, high: mean + half, level } };
}

/** The t with P(|T| ≤ t) = level, by bisection. */
export function studentQuantile(level: number, degreesOfFreedom: number): number {
  let low = 0;
  let high = 1;
  while (studentTwoSided(high, degreesOfFreedom) > 1 - level && high < 1e9) high *= 2;
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, degreesOfFreedom) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
