import { ERRORS_TOLD, type IngestBatch, type IngestLineError, type IngestNote } from '../../domain/ingest.js';
import type { NoteReason, RefusalReason } from '../../domain/ingest.js';

const LONGEST_FIELD = 80;

/** Why a row is refused: thrown by what reads the row, caught by what reads the batch. The message holds no value of it. */
export class Refusal extends Error {
  constructor(
    readonly reason: RefusalReason,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** Takes note of a change to a row that is taken all the same. */
export type Tell = (reason: NoteReason, field: string, message: string) => void;

/** Collects what became of the rows of one batch: counts of everything, examples of the first few. */
export interface Verdicts {
  refuse(line: number, refusal: Refusal, rows?: number): void;
  /** For the notes of the row at `line`; each reason counts a row once. */
  tellOf(line: number): Tell;
  readonly summary: () => Pick<IngestBatch, 'rejected' | 'rejectedByReason' | 'errors' | 'notes'>;
}

/** Starts with nothing refused and nothing noted. */
export function createVerdicts(): Verdicts {
  const errors: IngestLineError[] = [];
  const byReason: Partial<Record<RefusalReason, number>> = {};
  const notes = new Map<NoteReason, { note: Omit<IngestNote, 'rows'>; rows: number; lastLine: number }>();
  let rejected = 0;
  return {
    refuse(line, { reason, field, message }, rows = 1) {
      rejected += rows;
      byReason[reason] = (byReason[reason] ?? 0) + rows;
      if (errors.length < ERRORS_TOLD) errors.push({ line, field: shown(field), reason, message });
    },
    tellOf: (line) => (reason, field, message) => {
      const known = notes.get(reason);
      if (known === undefined)
        notes.set(reason, { note: { reason, line, field: shown(field), message }, rows: 1, lastLine: line });
      else if (known.lastLine !== line) {
        known.rows += 1;
        known.lastLine = line;
      }
    },
    summary: () => ({
      rejected,
      rejectedByReason: { ...byReason },
      errors: errors.sort((a, b) => a.line - b.line),
      notes: [...notes.values()].map(({ note, rows }) => ({ ...note, rows })),
    }),
  };
}

const shown = (field: string): string =>
  field.length > LONGEST_FIELD ? `${field.slice(0, LONGEST_FIELD - 1)}…` : field;
