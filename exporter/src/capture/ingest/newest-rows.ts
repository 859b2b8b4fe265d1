import { NEWEST_ROWS, type NewestRows, type RefusalReason } from '../../domain/ingest.js';

interface Judged {
  readonly line: number;
  readonly rows: number;
  /** Null for rows that were taken. */
  readonly reason: RefusalReason | null;
}

/** Keeps what became of the last rows of a batch by their place in it, in whatever order they are judged. */
export class LastRows {
  private judged: Judged[] = [];

  note(line: number, reason: RefusalReason | null, rows = 1): void {
    this.judged.push({ line, rows, reason });
    if (this.judged.length >= 4 * NEWEST_ROWS) this.judged = this.last();
  }

  /** The last `NEWEST_ROWS` of them. */
  summary(): NewestRows {
    const byReason: Partial<Record<RefusalReason, number>> = {};
    let [taken, refused] = [0, 0];
    for (const { rows, reason } of this.last().reverse()) {
      const counted = Math.min(rows, NEWEST_ROWS - taken - refused);
      if (counted <= 0) break;
      if (reason === null) taken += counted;
      else {
        refused += counted;
        byReason[reason] = (byReason[reason] ?? 0) + counted;
      }
    }
    return { taken, refused, byReason };
  }

  private last(): Judged[] {
    return this.judged.sort((a, b) => a.line - b.line).slice(-NEWEST_ROWS);
  }
}
