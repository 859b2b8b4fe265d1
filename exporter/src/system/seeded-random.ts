import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from '../domain/ports.js';

/** Reproducible uniform numbers in [0, 1) from xoroshiro128+ (Blackman & Vigna 2018); equal seeds give equal streams. */
export function seededRandom(seed: number | string): Random {
  const number = typeof seed === 'number' ? seed : createHash('sha256').update(seed).digest().readInt32BE(0);
  const generator = xoroshiro128plus(number);
  return { next: () => uniformFloat64(generator) };
}
