import { seededRandom } from '../../exporter/src/system/seeded-random.js';

/** Seeded streams with a known truth, for simulations. */
export interface Streams {
  uniform(): number;
  normal(): number;
  /** Next value of a stationary AR(1) process with unit variance. */
  autoregressive(previous: number, correlation: number): number;
}

export function streams(seed: number): Streams {
  const random = seededRandom(seed);
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(random.next() + Number.MIN_VALUE));
    const angle = 2 * Math.PI * random.next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform: () => random.next(),
    normal,
    autoregressive: (previous, correlation) =>
      correlation * previous + Math.sqrt(1 - correlation * correlation) * normal(),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** A line in the test log, where people look for measured numbers. */
export const say = (text: string): void => {
  process.stdout.write(`    ${text}\n`);
};
