/**
 * Jensen–Shannon distance, √(½KL(p‖r) + ½KL(q‖r)) with r = (p+q)/2 and logarithms to base 2: 0 equal, 1 disjoint.
 * Inputs are counts or weights over the same bins and are normalised; 0 when either is empty.
 */
export function jensenShannonDistance(before: readonly number[], now: readonly number[]): number {
  const n = before.reduce((sum, count) => sum + count, 0);
  const m = now.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return 0;
  let divergence = 0;
  before.forEach((count, i) => {
    const p = count / n;
    const q = (now[i] ?? 0) / m;
    const r = (p + q) / 2;
    if (p > 0) divergence += (p * Math.log2(p / r)) / 2;
    if (q > 0) divergence += (q * Math.log2(q / r)) / 2;
  });
  return Math.sqrt(Math.max(0, divergence));
}
