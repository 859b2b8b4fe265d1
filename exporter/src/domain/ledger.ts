import type { ModelId } from './identifiers.js';

/** Answers waiting for their label. Only hashes and the tenth of confidence are kept. */
export interface LedgerEntry {
  readonly model: ModelId;
  readonly predictionIdHash: string;
  readonly answerHash: string;
  readonly confidenceTenth: number | null;
  /** Of a predicted quantity: its cell on the grid of the model's predictions, never the value. */
  readonly quantity: { readonly gridCentre: number; readonly cell: number } | null;
  readonly atMs: number;
  readonly arrivedAtMs: number | null; // by mlfi's clock, never before an earlier one's; null for one stored before that was kept
}
/** A label whose prediction has not come. Only hashes and the cell of a quantity are kept. */
export interface EarlyLabel {
  readonly model: ModelId;
  readonly predictionIdHash: string;
  readonly labelHash: string;
  /** Of a label that is a number. */
  readonly quantity: LedgerEntry['quantity'];
  readonly atMs: number;
  /** By mlfi's clock. */
  readonly arrivedAtMs: number;
}
export interface LedgerRepository {
  /** Answers that wait for their label; one whose id comes again waits again. */
  saveAll(entries: readonly LedgerEntry[]): Promise<void>;
  /** Takes out the entries found: their label has come. @returns them, each once */
  take(model: ModelId, predictionIdHashes: readonly string[], atMs: number): Promise<readonly LedgerEntry[]>;
  /** @returns those of these predictions whose label has come */
  labelledAmong(model: ModelId, predictionIdHashes: readonly string[]): Promise<readonly string[]>;
  /** Labels that wait for their prediction; of one prediction the last. */
  saveLabels(labels: readonly EarlyLabel[]): Promise<void>;
  /** Takes out the labels that wait for these predictions. */
  takeLabels(model: ModelId, predictionIdHashes: readonly string[]): Promise<readonly EarlyLabel[]>;
  labelsWaiting(model: ModelId): Promise<number>;
  /** @returns those of these predictions whose label waits */
  waitingAmong(model: ModelId, predictionIdHashes: readonly string[]): Promise<readonly string[]>;
  /** Gives up the labels that came before a time. @returns how many */
  dropLabels(model: ModelId, arrivedBeforeMs: number): Promise<number>;
  /** @param labelledBeforeMs answers that had their label before are forgotten */
  prune(olderThanMs: number, labelledBeforeMs: number): Promise<number>;
}

/** What a label that came after its answer says to the e-detectors, which bet on it in the order labels come. No value of either. */
export interface LabelEvidence {
  /** When the label was given. */
  readonly atMs: number;
  readonly predictedAtMs: number;
  readonly label:
    | { readonly kind: 'class'; readonly correct: boolean }
    /** In the unit of the answer; stored as the cell of a grid that it lies in. */
    | { readonly kind: 'quantity'; readonly absoluteError: number };
}
/** Labels that came together. */
export interface NumberedLabels {
  /** Number of the first of them. */
  readonly first: number;
  readonly labels: readonly LabelEvidence[];
}
/** Labels of each model in the order they came in, numbered, until a stored state of its e-detectors holds what they said. */
export interface LabelEvidenceRepository {
  /** @param first number of the first of them */
  add(model: ModelId, first: number, labels: readonly LabelEvidence[]): Promise<void>;
  /** All that are kept, as they were added. */
  list(model: ModelId): Promise<readonly NumberedLabels[]>;
  /** Those before are held by the state of the e-detectors that is stored in the same transaction. */
  drop(model: ModelId, before: number): Promise<void>;
}
