import type { LateLabel } from '../domain/observation.js';
import type { EarlyLabel, LedgerRepository } from '../domain/ledger.js';
import type { ModelId } from '../domain/identifiers.js';

/** So long a label waits for its prediction. */
const EARLY_LABELS_KEPT_MS = 86_400_000;
/** Labels of one model that wait at most. */
const EARLY_LABELS_KEPT = 50_000;
const REVIEWED_EVERY_MS = 600_000;
/** Labels that wait are remembered as they were sent, so many. */
const REMEMBERED = 10_000;

/** A label whose answer is looked for, by the salted hash of the prediction id. */
export interface WaitingLabel {
  readonly hash: string;
  readonly label: LateLabel;
}

/** What the store holds of labels that wait, as a transaction sees it. */
export interface EarlyReview {
  readonly stored: number;
  readonly expired: number;
  readonly reviewedAtMs: number;
}

/** What a transaction did with labels that wait. */
export interface EarlyChanges extends EarlyReview {
  /** Found by their prediction, which came now. */
  readonly found: readonly EarlyLabel[];
  /** Wait from now on, or wait with what was sent last. */
  readonly begun: readonly WaitingLabel[];
  /** So many predictions have a label that waits, and had none before. */
  readonly added: number;
  /** So many predictions' labels found no room to wait in, and are lost. */
  readonly dropped: number;
  /** Predictions that have their label now. */
  readonly labelled: readonly string[];
}

/**
 * Labels of one model that came before their prediction: they wait in the store, as hashes and cells, and the newest in memory
 * as they are. Nothing in memory changes before `settle`.
 */
export class EarlyLabels {
  private known: EarlyReview | null = null;
  private expiredSinceStart = 0;
  private readonly asSent = new Map<string, LateLabel>();

  constructor(private readonly model: ModelId) {}

  /** Labels whose prediction did not come in time, or that found no room to wait for it, since the start. */
  get expired(): number {
    return this.expiredSinceStart;
  }

  /** The label as it was sent, as far as it is remembered. */
  sent(hash: string): LateLabel | null {
    return this.asSent.get(hash) ?? null;
  }

  /** How many wait in the store; gives those up, now and then, that wait in vain. */
  async review(ledger: LedgerRepository, nowMs: number): Promise<EarlyReview> {
    const { known } = this;
    if (known !== null && Math.abs(nowMs - known.reviewedAtMs) < REVIEWED_EVERY_MS) return { ...known, expired: 0 };
    const expired = await ledger.dropLabels(this.model, nowMs - EARLY_LABELS_KEPT_MS);
    return { stored: await ledger.labelsWaiting(this.model), expired, reviewedAtMs: nowMs };
  }

  /**
   * Those of labels without a prediction that begin to wait: not of one that has its label, and only as many as there is
   * room for. A label that is sent again takes no room.
   * @param stored how many wait
   */
  async beginning(
    ledger: LedgerRepository,
    labels: readonly WaitingLabel[],
    labelled: readonly string[],
    stored: number,
  ): Promise<Pick<EarlyChanges, 'begun' | 'added' | 'dropped'>> {
    const now = new Set(labelled);
    const unmatched = [...new Set(labels.map(({ hash }) => hash))].filter((hash) => !now.has(hash));
    const before = new Set(unmatched.length === 0 ? [] : await ledger.labelledAmong(this.model, unmatched));
    const hashes = unmatched.filter((hash) => !before.has(hash));
    const alone = labels.filter(({ hash }) => !now.has(hash) && !before.has(hash));
    const waiting = new Set(stored === 0 || hashes.length === 0 ? [] : await ledger.waitingAmong(this.model, hashes));
    const room = Math.max(0, EARLY_LABELS_KEPT - stored);
    const unknown = hashes.filter((hash) => !waiting.has(hash));
    const added = new Set(unknown.slice(0, room));
    const begun = alone.filter(({ hash }) => waiting.has(hash) || added.has(hash));
    return { begun, added: added.size, dropped: unknown.length - added.size };
  }

  /** The transaction has committed. */
  settle({ stored, expired, reviewedAtMs, found, begun, added, dropped }: EarlyChanges): void {
    this.known = { stored: Math.max(0, stored - found.length) + added, expired: 0, reviewedAtMs };
    this.expiredSinceStart += expired + dropped;
    for (const { predictionIdHash } of found) this.asSent.delete(predictionIdHash);
    for (const { hash, label } of begun) this.asSent.set(hash, label);
    dropOldest(this.asSent);
  }
}

function dropOldest(kept: Map<string, unknown>): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= REMEMBERED) return;
    kept.delete(oldest);
  }
}
