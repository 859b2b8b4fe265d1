import type { Random } from '../../../exporter/src/domain/ports.js';
import type { ZooRow } from './zoo-model.js';

/** Share of wrong labels the older model was trained on. */
const LABEL_NOISE = 0.3;

/** Rows with 30 % of their labels replaced by the other class: what an older, worse model learnt from. */
export function withWrongLabels(rows: readonly ZooRow[], random: Random): ZooRow[] {
  const classes = [...new Set(rows.map(({ label }) => label))];
  return rows.map((row) =>
    random.next() < LABEL_NOISE ? { ...row, label: classes.find((label) => label !== row.label) ?? row.label } : row,
  );
}
