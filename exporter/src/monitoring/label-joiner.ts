import type { JudgedLabel } from '../statistics/window-profile.js';
import type { ModelId } from '../domain/identifiers.js';
import type { LateLabel, Observation, Prediction } from '../domain/observation.js';
import type { LedgerEntry, LedgerRepository } from '../domain/ports.js';

const QUANTITIES_AWAITED = 50_000;

export interface Judged {
  readonly label: JudgedLabel;
  readonly atMs: number;
}

/**
 * Joins one model's answers with the labels that arrive later, by salted hashes of the prediction ids. Classes wait in
 * the stored ledger as hashes; quantities wait in memory only, for they would have to be stored as they are.
 */
export class LabelJoiner {
  /** Answers not yet in the stored ledger. */
  private ledger: LedgerEntry[] = [];
  private readonly late: { readonly hash: string; readonly label: LateLabel }[] = [];
  /** Numeric answers that wait for their label, by hashed prediction id, oldest first. */
  private readonly quantities = new Map<string, number>();

  constructor(
    private readonly model: ModelId,
    private readonly hash: (text: string) => string,
  ) {}

  /** Judges an answer that came with its label, or remembers one that may get its label later. */
  answered({ prediction, predictionId, label, confidence, atMs }: Observation): Judged | null {
    if (prediction === null) return null;
    if (label !== null) return { label: judge(prediction, label, confidence), atMs };
    if (predictionId === null) return null;
    const predictionIdHash = this.hash(`id:${predictionId}`);
    if (isQuantity(prediction, confidence)) this.awaitLabel(predictionIdHash, prediction);
    this.ledger.push({
      model: this.model,
      predictionIdHash,
      answerHash: this.hash(answerText(prediction)),
      confidenceTenth: tenthOf(confidence),
      atMs,
    });
    return null;
  }

  /** Keeps labels until the next commit joins them. */
  add(labels: readonly LateLabel[]): void {
    for (const label of labels) this.late.push({ hash: this.hash(`id:${label.predictionId}`), label });
  }

  /** Answers to be written to the ledger; they are the caller's from now on. */
  takeLedger(): readonly LedgerEntry[] {
    const entries = this.ledger;
    this.ledger = [];
    return entries;
  }

  /** Puts entries back that could not be written. */
  returnLedger(entries: readonly LedgerEntry[]): void {
    this.ledger = [...entries, ...this.ledger];
  }

  /**
   * Writes `answers` to the ledger and finds the answers of all labels kept. A label whose answer is unknown, or was a quantity from before a restart, finds
   * nothing.
   */
  async join(store: LedgerRepository, answers: readonly LedgerEntry[]): Promise<readonly Judged[]> {
    if (answers.length > 0) await store.saveAll(answers);
    if (this.late.length === 0) return [];
    // Labels that come while the store is asked wait for the next commit.
    const labels = this.late.splice(0);
    const found = await store
      .take(this.model, [...new Set(labels.map((entry) => entry.hash))])
      .catch((error: unknown) => {
        this.late.unshift(...labels);
        throw error;
      });
    const byHash = new Map(found.map((entry) => [entry.predictionIdHash, entry]));
    const judged: Judged[] = [];
    for (const { hash, label } of labels) {
      const entry = byHash.get(hash);
      byHash.delete(hash);
      const verdict = entry === undefined ? null : this.judgeLate(entry, label);
      if (verdict !== null) judged.push({ label: verdict, atMs: label.atMs });
    }
    return judged;
  }

  private judgeLate(entry: LedgerEntry, { label }: LateLabel): JudgedLabel | null {
    const { predictionIdHash, confidenceTenth, answerHash } = entry;
    const quantity = this.quantities.get(predictionIdHash);
    this.quantities.delete(predictionIdHash);
    if (typeof label !== 'number' || confidenceTenth !== null) {
      return { kind: 'class', correct: answerHash === this.hash(answerText(label)), confidenceTenth };
    }
    return quantity === undefined ? null : judge(quantity, label, null);
  }

  private awaitLabel(predictionIdHash: string, quantity: number): void {
    this.quantities.set(predictionIdHash, quantity);
    if (this.quantities.size <= QUANTITIES_AWAITED) return;
    for (const oldest of this.quantities.keys()) {
      this.quantities.delete(oldest);
      return;
    }
  }
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
  if (isQuantity(prediction, confidence) && typeof label === 'number') {
    return { kind: 'quantity', prediction, absoluteError: Math.abs(label - prediction) };
  }
  return {
    kind: 'class',
    correct: answerText(label) === answerText(prediction),
    confidenceTenth: tenthOf(confidence),
  };
}

/** Canonical text of an answer, for hashing and for comparing with a label. */
function answerText(answer: Prediction): string {
  return typeof answer === 'number' ? `number:${answer}` : `text:${String(answer).trim()}`;
}

function tenthOf(confidence: number | null): number | null {
  return confidence === null ? null : Math.min(9, Math.max(0, Math.floor(confidence * 10)));
}
