import type { Differential } from '../../domain/differential.js';
import type { Observation } from '../../domain/observation.js';

const MIN_LABELLED = 80;

type Labelled = readonly { readonly value: number | string; readonly label: string }[];

/** |2·AUC − 1| of the commonest label against the others, by the rank sum with ties shared (Mann & Whitney 1947). */
function rankAssociation(rows: Labelled, label: string): number | null {
  const sorted = rows
    .map(({ value, label: own }) => ({ value: Number(value), yes: own === label }))
    .sort((a, b) => a.value - b.value);
  const yes = sorted.filter((row) => row.yes).length;
  const no = sorted.length - yes;
  if (yes < 10 || no < 10) return null;
  let rankSum = 0;
  for (let i = 0; i < sorted.length;) {
    let j = i;
    while (j < sorted.length && sorted[j]?.value === sorted[i]?.value) j += 1;
    const rank = (i + j + 1) / 2;
    for (let k = i; k < j; k += 1) if (sorted[k]?.yes === true) rankSum += rank;
    i = j;
  }
  return Math.abs((2 * (rankSum - (yes * (yes + 1)) / 2)) / (yes * no) - 1);
}

function labelledNumbers(rows: readonly Observation[], feature: string): Labelled {
  return rows.flatMap(({ features, label }) => {
    const value = features?.[feature];
    return label === null || typeof value !== 'number' ? [] : [{ value, label: String(label) }];
  });
}

/** The numeric feature whose association with the label rose most: an answer leaking into an input. Null with few labels. */
export function labelAssociation(
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['labelAssociation'] {
  const labels = baselineRows.flatMap(({ label }) => (label === null ? [] : [String(label)]));
  if (labels.length < MIN_LABELLED) return null;
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [commonest = ''] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  let best: Differential['labelAssociation'] = null;
  for (const feature of Object.keys(baselineRows.find((row) => row.features !== null)?.features ?? {})) {
    const was = labelledNumbers(baselineRows, feature);
    const is = labelledNumbers(rows, feature);
    if (was.length < MIN_LABELLED || is.length < MIN_LABELLED) continue;
    const before = rankAssociation(was, commonest);
    const now = rankAssociation(is, commonest);
    if (before === null || now === null) continue;
    if (best === null || now - before > best.now - best.before) best = { feature, before, now };
  }
  return best;
}
