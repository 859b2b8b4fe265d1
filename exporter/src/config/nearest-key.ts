import { distance } from 'fastest-levenshtein';

/** Longest part of a key that is compared, in characters. */
const MAX_COMPARED = 100;

const normal = (key: string): string => key.toLowerCase().replaceAll('-', '_').slice(0, MAX_COMPARED);
const letters = (word: string): string => [...word].sort().join('');

/**
 * The known key a misspelt one most likely meant: the smallest edit distance (Levenshtein 1966), at most a third of the longer
 * word's length and at least one edit, or two where the letters are the same, as two swapped neighbours count as two. `-` and `_`
 * and letter case do not count. Ties go to the key listed first.
 * @returns null when nothing is near
 */
export function nearestKey(misspelt: string, known: readonly string[]): string | null {
  const wanted = normal(misspelt);
  let best: { readonly key: string; readonly edits: number } | null = null;
  for (const key of known) {
    const candidate = normal(key);
    const edits = distance(wanted, candidate);
    const swap = edits === 2 && letters(wanted) === letters(candidate);
    const allowed = Math.max(swap ? 2 : 1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (edits <= allowed && (best === null || edits < best.edits)) best = { key, edits };
  }
  return best?.key ?? null;
}
