import type { ModelId } from '../../../domain/identifiers.js';
import { REFUSAL_REASONS, type IngestLineError, type RefusalCounts } from '../../../domain/ingest.js';
import type { RecordPlace } from './reading.js';

/** Rows of one model that were refused, and the first slip among them. */
export interface RefusedRows {
  readonly model: ModelId;
  readonly rows: number;
  readonly reasons: RefusalCounts;
  readonly first: IngestLineError;
  /** The record the first is in; null where that is not known. */
  readonly record: RecordPlace | null;
}

const TOLD_EVERY_MS = 60_000;

/** Refused rows that nobody was told of: those of a model are due at once, and again once a minute, however fast they come. */
export class UntoldRefusals {
  private readonly untold = new Map<ModelId, RefusedRows>();
  private readonly toldAtMs = new Map<ModelId, number>();

  note(refused: RefusedRows): void {
    const before = this.untold.get(refused.model);
    if (before === undefined) {
      this.untold.set(refused.model, refused);
      return;
    }
    const reasons = { ...before.reasons };
    for (const reason of REFUSAL_REASONS) {
      const rows = (before.reasons[reason] ?? 0) + (refused.reasons[reason] ?? 0);
      if (rows > 0) reasons[reason] = rows;
    }
    this.untold.set(refused.model, { ...before, rows: before.rows + refused.rows, reasons });
  }

  /** Takes out what is to be told now. */
  due(nowMs: number): readonly RefusedRows[] {
    // Also by a clock that was set back.
    for (const [model, atMs] of this.toldAtMs) if (Math.abs(nowMs - atMs) >= TOLD_EVERY_MS) this.toldAtMs.delete(model);
    const due = [...this.untold.values()].filter(({ model }) => !this.toldAtMs.has(model));
    for (const { model } of due) {
      this.untold.delete(model);
      this.toldAtMs.set(model, nowMs);
    }
    return due;
  }
}
