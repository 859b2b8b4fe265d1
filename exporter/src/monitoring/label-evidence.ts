import type { LabelEvidence, NumberedLabels } from '../domain/ledger.js';
import type { ArrivedRow } from './countable.js';

/**
 * Labels that came in their row are bet on with it, in the order of the rows: they have numbers below 0, from 0 downwards, and
 * from here on those whose rows still waited when the e-detectors were last stored.
 */
const WAITED_FROM = -(2 ** 52);

/** Labels that came, which are kept until a stored state of the e-detectors holds what they say. */
export interface EvidenceToStore {
  /** Those with a smaller number are held by the state that is stored with this, or bet on no more; null where that does not change. */
  readonly heldBefore: number | null;
  /** What is added once those are dropped. */
  readonly added: readonly NumberedLabels[];
}

/** What is known of labels that wait (`PendingRows`). */
interface LabelsWaiting {
  readonly nextLabel: number;
  readonly newLabel: number;
  readonly lowestLabel: number;
  readonly labelsOfRows: readonly LabelEvidence[];
}

/**
 * @param arrived rows that came just now, of a model that is watched
 * @param judged labels that came by themselves
 * @param dropped `held` with a state of the e-detectors, `rows` where rows are compared with a baseline no more
 */
export function evidenceToStore(
  pending: LabelsWaiting,
  arrived: readonly ArrivedRow[],
  judged: readonly LabelEvidence[],
  isWatched: boolean,
  dropped: 'held' | 'rows' | null,
): EvidenceToStore {
  const ofRows = isWatched ? arrived.flatMap((row) => row.judged ?? []) : [];
  const waiting = isWatched && dropped !== null ? pending.labelsOfRows : [];
  return {
    heldBefore: dropped === null ? null : dropped === 'rows' ? 0 : Math.max(0, pending.nextLabel),
    added: [
      { first: WAITED_FROM, labels: waiting },
      { first: pending.lowestLabel - ofRows.length, labels: ofRows },
      { first: pending.newLabel, labels: judged },
    ].filter(({ labels }) => labels.length > 0),
  };
}

/** What is stored of labels: those that came in their row, in its order, and those that came by themselves. */
export function storedEvidence(stored: readonly NumberedLabels[]): {
  readonly ofRows: readonly LabelEvidence[];
  readonly others: readonly LabelEvidence[];
  /** Below it no label of a row has a number, but for those that waited; 0 where there is none at all. */
  readonly lowest: number;
  /** Number of the first of the others. */
  readonly first: number;
} {
  const [rows, others] = [stored.filter(({ first }) => first < 0), stored.filter(({ first }) => first >= 0)];
  const all = (parts: readonly NumberedLabels[]): readonly LabelEvidence[] => parts.flatMap(({ labels }) => labels);
  return {
    ofRows: all(rows).toSorted((a, b) => a.predictedAtMs - b.predictedAtMs),
    others: all(others),
    lowest: rows.reduce((lowest, { first }) => Math.min(lowest, first < WAITED_FROM / 2 ? -1 : first), 0),
    first: others[0]?.first ?? 0,
  };
}
