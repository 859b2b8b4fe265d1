import type { JudgedLabel } from '../statistics/window-profile.js';
import type { ModelId } from '../domain/identifiers.js';
import { answerText, quantityOf, sameAnswer } from '../domain/observation.js';
import type { LateLabel, Observation, Prediction } from '../domain/observation.js';
import type { LedgerEntry, LedgerRepository } from '../domain/ports.js';

const QUANTITIES_AWAITED = 50_000;

export interface Judged {
  readonly label: JudgedLabel;
  /** When the label was given. */
  readonly atMs: number;
  /** When the answer was given. */
  readonly predictedAtMs: number;
}

/** An answer that may get its label later. A quantity waits in memory only, for it would have to be stored as it is. */
export interface AwaitingAnswer {
  readonly entry: LedgerEntry;
  readonly quantity: number | null;
}

/** A label whose answer is looked for, by the salted hash of the prediction id. */
export interface WaitingLabel {
  readonly hash: string;
  readonly label: LateLabel;
}

/** Answers written and labels judged in one transaction; nothing in memory has changed by it yet. */
export interface Join {
  /** How many of the answers and labels, the first ones, had been kept before. */
  readonly kept: { readonly answers: number; readonly labels: number };
  readonly answers: readonly AwaitingAnswer[];
  readonly labels: readonly WaitingLabel[];
  /** In the order of the labels; null for one whose answer is unknown, or was a quantity from before a restart. */
  readonly judged: readonly (Judged | null)[];
}

/**
 * Joins one model's answers with the labels that arrive later, by salted hashes of the prediction ids. Classes wait in
 * the stored ledger as hashes; quantities wait in memory only.
 */
export class LabelJoiner {
  /** Answers and labels that are taken although nothing of them is stored yet. */
  private readonly answers: AwaitingAnswer[] = [];
  private readonly labels: WaitingLabel[] = [];
  /** Numeric answers that wait for their label, by hashed prediction id, oldest first. */
  private readonly quantities = new Map<string, number>();

  constructor(
    private readonly model: ModelId,
    private readonly hash: (text: string) => string,
  ) {}

  /** The ledger's entry of an answer that may get its label later; null for one that will not. */
  awaiting({ prediction, predictionId, label, confidence, atMs }: Observation): AwaitingAnswer | null {
    if (prediction === null || label !== null || predictionId === null) return null;
    const entry = {
      model: this.model,
      predictionIdHash: this.hash(`id:${predictionId}`),
      answerHash: this.hash(answerText(prediction)),
      confidenceTenth: tenthOf(confidence),
      atMs,
    };
    return { entry, quantity: isQuantity(prediction, confidence) ? prediction : null };
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
   * Writes what was kept, and `answers`, to the ledger, takes the answers of all labels out of it and judges those. Changes
   * nothing in memory: that is for `settle`, once the transaction has committed.
   */
  async join(
    ledger: LedgerRepository,
    answers: readonly AwaitingAnswer[],
    labels: readonly WaitingLabel[],
  ): Promise<Join> {
    const kept = { answers: this.answers.length, labels: this.labels.length };
    const all = { kept, answers: [...this.answers, ...answers], labels: [...this.labels, ...labels] };
    if (all.answers.length > 0) await ledger.saveAll(all.answers.map(({ entry }) => entry));
    if (all.labels.length === 0) return { ...all, judged: [] };
    const found = await ledger.take(this.model, [...new Set(all.labels.map(({ hash }) => hash))]);
    const entries = new Map(found.map((entry) => [entry.predictionIdHash, entry]));
    const quantities = new Map(answers.map(({ entry, quantity }) => [entry.predictionIdHash, quantity]));
    const judged = all.labels.map(({ hash, label }) => {
      const entry = entries.get(hash);
      entries.delete(hash);
      if (entry === undefined) return null;
      return this.judgeLate(entry, label, quantities.get(hash) ?? this.quantities.get(hash) ?? null);
    });
    return { ...all, judged };
  }

  /** The transaction of a join has committed: nothing was kept or settled since the join. */
  settle({ kept, answers, labels, judged }: Join): void {
    this.answers.splice(0, kept.answers);
    this.labels.splice(0, kept.labels);
    for (const answer of answers.slice(kept.answers)) this.awaitLabel(answer);
    for (const [i, { hash }] of labels.entries()) if (judged[i] !== null) this.quantities.delete(hash);
  }

  private judgeLate(
    { confidenceTenth, answerHash, atMs: predictedAtMs }: LedgerEntry,
    { label, atMs }: LateLabel,
    quantity: number | null,
  ): Judged | null {
    if (quantity !== null && confidenceTenth === null && quantityOf(label) !== null)
      return { label: judge(quantity, label, null), atMs, predictedAtMs };
    // The quantity itself is not stored, so after a restart nothing says by how much it missed.
    if (typeof label === 'number' && confidenceTenth === null) return null;
    const correct = answerHash === this.hash(answerText(label));
    return { label: { kind: 'class', correct, confidenceTenth }, atMs, predictedAtMs };
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

/** Judges an answer that came with its label; null for any other. */
export function judgedAtOnce({ prediction, label, confidence, atMs }: Observation): Judged | null {
  if (prediction === null || label === null) return null;
  return { label: judge(prediction, label, confidence), atMs, predictedAtMs: atMs };
}

/** A number without confidence is a quantity: it is not right or wrong, it misses by so much. */
function isQuantity(prediction: Prediction, confidence: number | null): prediction is number {
  return typeof prediction === 'number' && confidence === null;
}

function judge(
  prediction: Exclude<Prediction, null>,
  label: Exclude<Prediction, null>,
  confidence: number | null,
): JudgedLabel {
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
