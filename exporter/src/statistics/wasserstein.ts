/**
 * Wasserstein-1 distance ∫|F − G| between two weighted sets of points on the line, in the points' unit.
 * @param points ascending, each with its weight in either set; 0 when either set weighs nothing
 */
export function wassersteinOfWeights(
  points: readonly { readonly at: number; readonly before: number; readonly now: number }[],
): number {
  const n = points.reduce((sum, point) => sum + point.before, 0);
  const m = points.reduce((sum, point) => sum + point.now, 0);
  if (n === 0 || m === 0) return 0;
  let distance = 0;
  let below = 0;
  points.forEach((point, i) => {
    below += point.before / n - point.now / m;
    const next = points[i + 1];
    if (next !== undefined) distance += Math.abs(below) * (next.at - point.at);
  });
  return distance;
}

/** Wasserstein-1 distance between two samples. @throws RangeError when one is empty */
export function wasserstein(x: readonly number[], y: readonly number[]): number {
  if (x.length === 0 || y.length === 0)
    throw new RangeError('both samples of a Wasserstein distance need at least one value');
  const points = [...x.map((at) => ({ at, before: 1, now: 0 })), ...y.map((at) => ({ at, before: 0, now: 1 }))];
  return wassersteinOfWeights(points.sort((a, b) => a.at - b.at));
}
