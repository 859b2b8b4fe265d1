import type { ModelId } from '../../../domain/identifiers.js';
import type { IngestLineError } from '../../../domain/ingest.js';

/** Rows of one model that were refused, and the first slip among them. */
export interface RefusedRows {
  readonly model: ModelId;
  readonly rows: number;
  readonly first: IngestLineError;
}

const TOLD_EVERY_MS = 60_000;

/** Refused rows that nobody was told of: those of a model are due at once, and again once a minute, however fast they come. */
export class UntoldRefusals {
  private readonly untold = new Map<ModelId, RefusedRows>();
  private readonly toldAtMs = new Map<ModelId, number>();

  note({ model, rows, first }: RefusedRows): void {
    const before = this.untold.get(model);
    this.untold.set(model, { model, rows: rows + (before?.rows ?? 0), first: before?.first ?? first });
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
