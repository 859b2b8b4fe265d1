import type { Random } from '../../domain/ports.js';

/**
 * Uniform number in (0, 1) from a seed and a counter: a stateless 32-bit mix (the finaliser of MurmurHash3, Appleby
 * 2011, over two rounds). The same seed and counter always give the same number, so randomised p-values are
 * reproducible and a restored detector goes on exactly where it stopped.
 * @param seed an integer, see `seedOf`
 * @param counter 0, 1, 2, …; repeats after 2^32
 */
export function counterUniform(seed: number, counter: number): number {
  const h = mix((seed ^ Math.imul(counter | 0, 0x9e3779b1)) | 0);
  return ((mix((h + 0x85ebca6b) | 0) >>> 0) + 0.5) / 0x1_0000_0000;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A 32-bit seed from text, e.g. model and signal (FNV-1a, Fowler, Noll & Vo). */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** The numbers of one seed, one after the other. */
export function counterRandom(seed: number): Random {
  let counter = 0;
  return { next: () => counterUniform(seed, counter++) };
}
