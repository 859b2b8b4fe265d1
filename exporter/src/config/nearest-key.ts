/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`: optimal string alignment (Damerau 1964, restricted). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/**
 * The known key a misspelt one most likely meant: the smallest edit distance, at most a third of the longer word's
 * length (and at least one edit); `-` and `_` and letter case do not count. Ties go to the key listed first.
 * @returns null when nothing is near
 */
export function nearestKey(misspelt: string, known: readonly string[]): string | null {
  const normal = (key: string): string => key.toLowerCase().replaceAll('-', '_').slice(0, 100);
  let best: { readonly key: string; readonly distance: number } | null = null;
  for (const key of known) {
    const distance = editDistance(normal(misspelt), normal(key));
    const allowed = Math.max(1, Math.floor(Math.max(misspelt.length, key.length) / 3));
    if (distance <= allowed && (best === null || distance < best.distance)) best = { key, distance };
  }
  return best?.key ?? null;
}
