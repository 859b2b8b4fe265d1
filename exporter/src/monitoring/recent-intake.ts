import {
  NEWEST_ROWS,
  type IngestBatch,
  type IngestNote,
  type IntakeSummary,
  type NewestRows,
  type NoteReason,
  type RefusalReason,
  type RowsWaiting,
  type UnwatchedFeatures,
} from '../domain/ingest.js';

/** Batches whose newest rows all lag by the same part of a zone over at least this time come from a clock of another zone. */
const LAGS_LOOKED_AT = 20;
const LAG_WATCHED_MS = 600_000;
const ZONE_STEP_MS = 900_000;
const LAG_TOLERANCE_MS = 60_000;
/** What is left out of rows is told until as many rows have come without. */
const NOTES_TOLD: ReadonlySet<NoteReason> = new Set([
  'features_cut',
  'array_cut',
  'decimal_comma',
  'inputs_unknown',
  'prediction_missing',
  'probes_judge',
]);

interface Sent extends NewestRows {
  readonly notes: readonly IngestNote[];
}

/** @param leftOut names that are in no count @param watched features of a model that are watched */
export function unwatchedOf(leftOut: ReadonlySet<string>, watched: number): UnwatchedFeatures | null {
  const [first] = leftOut;
  return first === undefined ? null : { names: leftOut.size, first, watched };
}

/** What became of the rows one model was sent lately. In memory only: a sender that goes on failing is soon met again. */
export class RecentIntake {
  private sent: Sent[] = [];
  private lags: { readonly arrivedAtMs: number; readonly lagMs: number }[] = [];

  /** @param nowMs when the batch arrived */
  add(
    batch: Pick<IngestBatch, 'observations' | 'labels' | 'rejected' | 'rejectedByReason' | 'newest' | 'notes'>,
    nowMs: number,
  ): void {
    if (batch.notes.some(({ reason }) => reason === 'rows_judge'))
      this.sent = this.sent.map((each) => ({
        ...each,
        notes: each.notes.filter(({ reason }) => reason !== 'probes_judge'),
      }));
    const taken = batch.observations.length + batch.labels.length;
    if (taken + batch.rejected === 0) return;
    const all = { taken, refused: batch.rejected, byReason: batch.rejectedByReason };
    this.sent.push({
      // What a large batch holds last is what is sent now; all of it would hide that.
      ...((taken + batch.rejected > NEWEST_ROWS && batch.rejected > 0 ? batch.newest : undefined) ?? all),
      notes: batch.notes.filter(({ reason }) => NOTES_TOLD.has(reason)),
    });
    let rows = this.sent.reduce((sum, each) => sum + each.taken + each.refused, 0);
    while (this.sent.length > 1) {
      const oldest = this.sent[0];
      rows -= oldest === undefined ? 0 : oldest.taken + oldest.refused;
      if (rows < NEWEST_ROWS) break;
      this.sent.shift();
    }
    if (batch.observations.length === 0) return;
    const newestAtMs = batch.observations.reduce((newest, { atMs }) => Math.max(newest, atMs), -Infinity);
    this.lags = [...this.lags, { arrivedAtMs: nowMs, lagMs: nowMs - newestAtMs }].slice(-LAGS_LOOKED_AT);
  }

  summary(
    notJudged: IntakeSummary['notJudged'],
    waiting: RowsWaiting | null = null,
    unwatched: UnwatchedFeatures | null = null,
  ): IntakeSummary {
    const byReason = new Map<RefusalReason, number>();
    const notes = new Map<NoteReason, IngestNote>();
    let [taken, refused] = [0, 0];
    for (const each of this.sent) {
      taken += each.taken;
      refused += each.refused;
      for (const [reason, rows] of Object.entries(each.byReason) as [RefusalReason, number][])
        byReason.set(reason, (byReason.get(reason) ?? 0) + rows);
      for (const note of each.notes) notes.set(note.reason, note);
    }
    const most = [...byReason].find(([, rows]) => rows > refused / 2);
    return {
      taken,
      refused,
      mostRefusedFor: most?.[0] ?? null,
      leftOut: [...notes.values()],
      clockOffsetMs: this.offset(),
      notJudged,
      waiting,
      unwatched,
    };
  }

  /** How far the sender's clock is behind arrival, when that is the same part of a zone all the time; null otherwise. */
  private offset(): number | null {
    const [first] = this.lags;
    const last = this.lags.at(-1);
    if (first === undefined || last === undefined || this.lags.length < LAGS_LOOKED_AT) return null;
    if (last.arrivedAtMs - first.arrivedAtMs < LAG_WATCHED_MS) return null;
    const offsetMs = ZONE_STEP_MS * Math.round(last.lagMs / ZONE_STEP_MS);
    const isSame = this.lags.every(({ lagMs }) => Math.abs(lagMs - offsetMs) <= LAG_TOLERANCE_MS);
    return isSame && offsetMs > 0 ? offsetMs : null;
  }
}
