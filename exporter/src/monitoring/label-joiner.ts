import type { LabelOutcome } from '../statistics/label-tally.js';
import type { ModelId } from '../domain/identifiers.js';
import { answerText, quantityOf, sameAnswer } from '../domain/observation.js';
import type { LateLabel, Observation, Prediction } from '../domain/observation.js';
import { cellMiddle, cellOf, gridFor } from '../statistics/grid.js';
import type { Grid } from '../domain/profile.js';
import type { EarlyLabel, LedgerEntry, LedgerRepository } from '../domain/ledger.js';
import { EarlyLabels, type EarlyChanges, type WaitingLabel } from './early-labels.js';

const QUANTITIES_AWAITED = 50_000;
/** Hashes of answers remembered: of classes the same few come with every row. */
const ANSWERS_REMEMBERED = 1_000;

/** What a label said, once its answer is found. */
export interface MatchedLabel {
  readonly label: LabelOutcome;
  /** When the label was given. */
  readonly atMs: number;
  /** When the answer was given. */
  readonly predictedAtMs: number;
  /** When the answer arrived, as `ArrivalClock` tells it; null when that is not known. */
  readonly answeredAtMs: number | null;
}

/** An answer that may get its label later. The newest quantities wait in memory as they are; of all the store has the cell. */
export interface AwaitingAnswer {
  readonly entry: LedgerEntry;
  readonly quantity: number | null;
}

/** An answer whose label came. */
interface TakenAnswer {
  readonly entry: LedgerEntry;
  readonly quantity: number | null;
}

/** Answers written and labels judged in one transaction; nothing in memory has changed by it yet. */
export interface Join {
  /** How many of the answers and labels, the first ones, had been kept before. */
  readonly kept: { readonly answers: number; readonly labels: number };
  readonly answers: readonly AwaitingAnswer[];
  readonly labels: readonly WaitingLabel[];
  /** In the order of the labels; null for one whose answer is unknown. */
  readonly judged: readonly (MatchedLabel | null)[];
  /** Labels that had come before their answers, which came now. */
  readonly early: readonly MatchedLabel[];
  /** Those of them that are remembered as they were sent. */
  readonly earlySent: readonly LateLabel[];
  readonly waiting: EarlyChanges;
}

/** All labels that a join found the answers of. */
export const matchedIn = ({ early, judged }: Pick<Join, 'early' | 'judged'>): readonly MatchedLabel[] => [
  ...early,
  ...judged.filter((each) => each !== null),
];

/**
 * Joins one model's answers with the labels that arrive later, by salted hashes of the prediction ids. Classes wait in
 * the stored ledger as hashes; quantities as the cell of their grid, and the newest in memory as they are.
 */
export class LabelJoiner {
  /** Answers and labels that are taken although nothing of them is stored yet. */
  private readonly answers: AwaitingAnswer[] = [];
  private readonly labels: WaitingLabel[] = [];
  /** Numeric answers that wait for their label, by hashed prediction id, oldest first. */
  private readonly quantities = new Map<string, number>();
  private readonly answerHashes = new Map<string, string>();
  private readonly early: EarlyLabels;

  constructor(
    private readonly model: ModelId,
    private readonly hash: (text: string) => string,
    /** What the model's predictions are counted by; null before any is. */
    private readonly gridOfPredictions: () => Grid | null = () => null,
  ) {
    this.early = new EarlyLabels(model);
  }

  /** Labels whose prediction did not come in time, since the start. */
  get expiredLabels(): number {
    return this.early.expired;
  }

  /** The ledger's entry of an answer that may get its label later; null for one that will not. */
  awaiting(
    { prediction, predictionId, label, confidence, atMs }: Observation,
    arrivedAtMs: number,
  ): AwaitingAnswer | null {
    if (prediction === null || label !== null || predictionId === null) return null;
    const quantity = isQuantity(prediction, confidence) ? prediction : null;
    const entry = {
      model: this.model,
      predictionIdHash: this.hash(`id:${predictionId}`),
      answerHash: this.hashOfAnswer(prediction),
      confidenceTenth: tenthOf(confidence),
      quantity: quantity === null ? null : this.cellOf(quantity),
      atMs,
      arrivedAtMs,
    };
    return { entry, quantity };
  }

  private hashOfAnswer(answer: Exclude<Prediction, null>): string {
    const text = answerText(answer);
    const known = this.answerHashes.get(text);
    if (known !== undefined) return known;
    const hash = this.hash(text);
    if (this.answerHashes.size >= ANSWERS_REMEMBERED) this.answerHashes.clear();
    this.answerHashes.set(text, hash);
    return hash;
  }

  private cellOf(quantity: number): LedgerEntry['quantity'] {
    if (!Number.isFinite(quantity)) return null;
    const known = this.gridOfPredictions();
    const centre = known?.kind === 'asinh' ? known.centre : quantity;
    const grid = gridFor('prediction', centre);
    return grid.kind === 'unit' ? null : { gridCentre: grid.centre, cell: cellOf(grid, quantity) };
  }

  waiting(labels: readonly LateLabel[]): WaitingLabel[] {
    return labels.map((label) => ({ hash: this.hash(`id:${label.predictionId}`), label }));
  }

  /** Keeps an answer until the next commit writes it. */
  keepAnswer(answer: AwaitingAnswer): void {
    this.answers.push(answer);
    this.awaitLabel(answer);
  }

  /** Keeps labels until the next commit joins them. */
  keepLabels(labels: readonly LateLabel[]): void {
    this.labels.push(...this.waiting(labels));
  }

  /**
   * Writes what was kept, and `answers`, to the ledger, takes the answers of all labels out of it and judges those; labels
   * whose answer has not come wait for it in the store. Changes nothing in memory: that is for `settle`, once the transaction has committed.
   */
  async join(
    ledger: LedgerRepository,
    answers: readonly AwaitingAnswer[],
    labels: readonly WaitingLabel[],
    nowMs: number,
  ): Promise<Join> {
    const kept = { answers: this.answers.length, labels: this.labels.length };
    const all = { kept, answers: [...this.answers, ...answers], labels: [...this.labels, ...labels] };
    const review = await this.early.review(ledger, nowMs);
    if (all.answers.length > 0) await ledger.saveAll(all.answers.map(({ entry }) => entry));
    const found =
      review.stored === 0 || all.answers.length === 0
        ? []
        : await ledger.takeLabels(this.model, [...new Set(all.answers.map(({ entry }) => entry.predictionIdHash))]);
    const hashes = new Set([
      ...found.map(({ predictionIdHash }) => predictionIdHash),
      ...all.labels.map(({ hash }) => hash),
    ]);
    const entries = new Map(
      (hashes.size === 0 ? [] : await ledger.take(this.model, [...hashes], nowMs)).map((entry) => [
        entry.predictionIdHash,
        entry,
      ]),
    );
    const labelled = [...entries.keys()];
    const quantities = new Map(all.answers.map(({ entry, quantity }) => [entry.predictionIdHash, quantity]));
    const taken = (hash: string): TakenAnswer | null => {
      const entry = entries.get(hash);
      entries.delete(hash);
      if (entry === undefined) return null;
      return { entry, quantity: quantities.get(hash) ?? this.quantities.get(hash) ?? middleOf(entry) };
    };
    const early = found.flatMap((label) => {
      const answer = taken(label.predictionIdHash);
      if (answer === null) return [];
      const sent = this.early.sent(label.predictionIdHash);
      return (sent === null ? judgeEarly(answer, label) : this.judgeLate(answer, sent)) ?? [];
    });
    const judged = all.labels.map(({ hash, label }) => {
      const answer = taken(hash);
      return answer === null ? null : this.judgeLate(answer, label);
    });
    const alone = all.labels.filter((_, i) => judged[i] === null);
    const beginning = await this.early.beginning(ledger, alone, labelled, review.stored - found.length);
    if (beginning.begun.length > 0)
      await ledger.saveLabels(beginning.begun.map((waiting) => this.earlyLabel(waiting, nowMs)));
    const earlySent = found.flatMap(({ predictionIdHash }) => this.early.sent(predictionIdHash) ?? []);
    return { ...all, judged, early, earlySent, waiting: { ...review, found, ...beginning, labelled } };
  }

  private earlyLabel({ hash, label }: WaitingLabel, arrivedAtMs: number): EarlyLabel {
    const quantity = quantityOf(label.label);
    return {
      model: this.model,
      predictionIdHash: hash,
      labelHash: this.hash(answerText(label.label)),
      quantity: quantity === null ? null : this.cellOf(quantity),
      atMs: label.atMs,
      arrivedAtMs,
    };
  }

  /** The transaction of a join has committed: nothing was kept or settled since the join. */
  settle({ kept, answers, waiting }: Join): void {
    this.answers.splice(0, kept.answers);
    this.labels.splice(0, kept.labels);
    for (const answer of answers.slice(kept.answers)) this.awaitLabel(answer);
    for (const hash of waiting.labelled) this.quantities.delete(hash);
    this.early.settle(waiting);
  }

  private judgeLate({ entry, quantity }: TakenAnswer, { label, atMs }: LateLabel): MatchedLabel | null {
    const { confidenceTenth, answerHash, atMs: predictedAtMs, arrivedAtMs: answeredAtMs } = entry;
    if (quantity !== null && confidenceTenth === null && quantityOf(label) !== null)
      return { label: judge(quantity, label, null), atMs, predictedAtMs, answeredAtMs };
    // Stored by a release that kept neither cells nor arrivals: it may be a quantity.
    if (typeof label === 'number' && confidenceTenth === null && answeredAtMs === null) return null;
    const correct = answerHash === this.hashOfAnswer(label);
    return { label: { kind: 'class', correct, confidenceTenth }, atMs, predictedAtMs, answeredAtMs };
  }

  private awaitLabel({ entry, quantity }: AwaitingAnswer): void {
    if (quantity === null) return;
    this.quantities.set(entry.predictionIdHash, quantity);
    if (this.quantities.size <= QUANTITIES_AWAITED) return;
    for (const oldest of this.quantities.keys()) {
      this.quantities.delete(oldest);
      return;
    }
  }
}

/** Judges by what is stored of a label; null where it and the answer cannot be compared. */
function judgeEarly({ entry, quantity }: TakenAnswer, early: EarlyLabel): MatchedLabel | null {
  const { confidenceTenth, answerHash, atMs: predictedAtMs, arrivedAtMs: answeredAtMs } = entry;
  const times = { atMs: early.atMs, predictedAtMs, answeredAtMs };
  const said = middleOf(early);
  if (quantity !== null && confidenceTenth === null && said !== null)
    return { label: { kind: 'quantity', prediction: quantity, absoluteError: Math.abs(said - quantity) }, ...times };
  return { label: { kind: 'class', correct: answerHash === early.labelHash, confidenceTenth }, ...times };
}

function middleOf({ quantity }: Pick<LedgerEntry, 'quantity'>): number | null {
  return quantity === null ? null : cellMiddle(gridFor('prediction', quantity.gridCentre), quantity.cell);
}

/** Judges an answer that came with its label; null for any other. */
export function matchedOnArrival({ prediction, label, confidence, atMs }: Observation): MatchedLabel | null {
  if (prediction === null || label === null) return null;
  return { label: judge(prediction, label, confidence), atMs, predictedAtMs: atMs, answeredAtMs: null };
}

/** A number without confidence is a quantity: it is not right or wrong, it misses by so much. */
function isQuantity(prediction: Prediction, confidence: number | null): prediction is number {
  return typeof prediction === 'number' && confidence === null;
}

function judge(
  prediction: Exclude<Prediction, null>,
  label: Exclude<Prediction, null>,
  confidence: number | null,
): LabelOutcome {
  const quantity = quantityOf(label);
  if (isQuantity(prediction, confidence) && quantity !== null)
    return { kind: 'quantity', prediction, absoluteError: Math.abs(quantity - prediction) };
  return {
    kind: 'class',
    correct: sameAnswer(prediction, label),
    confidenceTenth: tenthOf(confidence),
  };
}

function tenthOf(confidence: number | null): number | null {
  return confidence === null ? null : Math.min(9, Math.max(0, Math.floor(confidence * 10)));
}
