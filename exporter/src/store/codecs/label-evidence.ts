import { z } from 'zod';
import { codec, inRow } from '../../domain/codec.js';
import type { LabelEvidence } from '../../domain/ledger.js';
import { cellMiddle, cellOf, gridFor } from '../../statistics/grid.js';

/** An error is known to about 2 %: the difference of two values that are never stored is not stored either. */
const ERRORS = gridFor('prediction', 0);

/** When the label was given, when its answer was, and whether the two agree: 1, or 0; for a quantity the cell of its error. */
const label = z.union([
  z.tuple([z.number(), z.number(), z.literal([0, 1])]),
  z.tuple([z.number(), z.number(), z.null(), z.int().min(0)]),
]);
type Packed = z.output<typeof label>;

const packed = ({ atMs, predictedAtMs, label: said }: LabelEvidence): Packed =>
  said.kind === 'class'
    ? [atMs, predictedAtMs, said.correct ? 1 : 0]
    : [atMs, predictedAtMs, null, cellOf(ERRORS, said.absoluteError)];

const unpacked = ([atMs, predictedAtMs, agrees, cell]: Packed): LabelEvidence => ({
  atMs,
  predictedAtMs,
  label:
    cell === undefined
      ? { kind: 'class', correct: agrees === 1 }
      : { kind: 'quantity', absoluteError: cellMiddle(ERRORS, cell) },
});

const labels = z.array(label).transform((all): readonly LabelEvidence[] => all.map(unpacked));

export const labelEvidenceCodec = inRow(
  codec('evidence of labels', labels, [], (all) => all.map(packed)),
  (all) => ({ labels: all.length }),
);
