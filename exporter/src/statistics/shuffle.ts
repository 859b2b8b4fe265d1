import type { Random } from '../domain/ports.js';

/** A copy in random order (Fisher–Yates in Durstenfeld's form). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.next() * (i + 1));
    const [a, b] = [copy[i], copy[j]];
    if (a !== undefined && b !== undefined) [copy[i], copy[j]] = [b, a];
  }
  return copy;
}

/** 0 … n − 1 in random order. */
export const shuffledRange = (n: number, random: Random): number[] =>
  shuffled(
    Array.from({ length: n }, (_, i) => i),
    random,
  );
