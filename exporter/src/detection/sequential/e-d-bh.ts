/**
 * Which streams changed, from their e-detectors (e-d-BH, Dandapanthula & Ramdas 2025, arXiv 2501.04130): the k* largest
 * with value ≥ A·K/k. The expected share of wrong names stays small against the patience A, for any dependence.
 * @param values evidence per stream in ticks, already multiplied by weight × K
 * @param line A in ticks
 * @returns indices of the streams named, strongest first
 */
export function evidenceBenjaminiHochberg(values: readonly number[], line: number): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value);
  let named = 0;
  for (let k = 1; k <= order.length; k += 1) {
    if ((order[k - 1]?.value ?? 0) >= (line * order.length) / k) named = k;
  }
  return order.slice(0, named).map(({ index }) => index);
}
