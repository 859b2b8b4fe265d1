import { z } from 'zod';
import { codec, count } from '../domain/codec.js';
import type { IngestBatch } from '../domain/ingest.js';
import { LogMovedOn, type LogPosition, type LogPositions } from '../domain/log-position.js';

const position = z.object({ next: count, open: z.array(count), step: count });
const schema: z.ZodType<LogPositions> = z
  .array(z.tuple([z.string(), position]))
  .transform((entries) => new Map(entries));

/** Positions in logs as stored, one document a model. */
export const logPositionsCodec = codec<LogPositions>('log positions', schema, [], (positions) => [...positions]);

/** The positions of a model in the course of one commit. */
export class PositionsInCommit {
  private readonly positions: Map<string, LogPosition>;
  private hasChanged = false;

  constructor(stored: LogPositions) {
    this.positions = new Map(stored);
  }

  /** Takes the steps of a batch, all or none. @returns why they are not the next ones, null when they are taken */
  take(steps: NonNullable<IngestBatch['steps']>): LogMovedOn | null {
    for (const { log, position: next } of steps)
      if ((this.positions.get(log)?.step ?? 0) !== next.step - 1) return new LogMovedOn(log);
    for (const { log, position: next } of steps) this.positions.set(log, next);
    this.hasChanged ||= steps.length > 0;
    return null;
  }

  /** What is to be stored; null when nothing has changed. */
  get changed(): LogPositions | null {
    return this.hasChanged ? this.positions : null;
  }
}
