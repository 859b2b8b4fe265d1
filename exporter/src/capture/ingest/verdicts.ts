import { ERRORS_TOLD, type IngestBatch, type IngestLineError, type IngestNote } from '../../domain/ingest.js';
import type { NoteReason, RefusalReason } from '../../domain/ingest.js';
import { LastRows } from './newest-rows.js';

const LONGEST_FIELD = 80;
/** Different notes of one batch. */
const NOTES_TOLD = 100;

/** Why a row is refused: thrown by what reads the row, caught by what reads the batch. The message holds no value of it. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly field: string;

  constructor(reason: RefusalReason, field: string, message: string) {
    // A batch may hold a hundred thousand of these, and ten times their cost is the stack that nobody reads.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.field = field;
  }
}

/** Takes note of a change to a row that is taken all the same. */
export type Tell = (reason: NoteReason, field: string, message: string) => void;

/** So many rows may be refused however short they are; beyond, one per so many characters of the body. */
const REFUSED_FREELY = 1_000;
const CHARACTERS_PER_REFUSAL = 64;

/** Collects what became of the rows of one batch: counts of everything, each slip once with the first row that has it. */
export interface Verdicts {
  refuse(line: number, refusal: Refusal, rows?: number): void;
  take(line: number): void;
  /**
   * Refuses the rest of a batch unread when its rows are many, short, and refused: refusing costs more than reading, so that
   * a body of nothing but slips would hold the process up. Ordinary rows never get there, however many are wrong.
   * @param rows how many rows are left
   */
  refuseRest(line: number, rows: () => number): boolean;
  /** The row at `line`, the newest that was read, is refused: nothing of it was taken with a change. */
  withdrawNotes(line: number): void;
  /** For the notes of the row at `line`; each reason counts a row once, those about one field once for each. */
  tellOf(line: number): Tell;
  readonly summary: () => Pick<IngestBatch, 'rejected' | 'rejectedByReason' | 'newest' | 'errors' | 'notes'>;
}

/**
 * Starts with nothing refused and nothing noted.
 * @param characters length of the body
 */
export function createVerdicts(characters: number): Verdicts {
  const errors = new Map<
    string,
    { readonly slip: Omit<IngestLineError, 'rows' | 'line'>; line: number; rows: number }
  >();
  const byReason: Partial<Record<RefusalReason, number>> = {};
  const notes = new Map<string, { note: Omit<IngestNote, 'rows'>; rows: number; lastLine: number }>();
  const last = new LastRows();
  let rejected = 0;
  const refuse: Verdicts['refuse'] = (line, { reason, field, message }, rows = 1) => {
    rejected += rows;
    last.note(line, reason === 'too_many_refused' ? mostOf(byReason) : reason, rows);
    byReason[reason] = (byReason[reason] ?? 0) + rows;
    const key = `${reason}\n${field}\n${message}`;
    const known = errors.get(key);
    if (known !== undefined) {
      known.rows += rows;
      known.line = Math.min(known.line, line);
    } else if (errors.size < ERRORS_TOLD)
      errors.set(key, { slip: { field: shown(field), reason, message }, line, rows });
  };
  return {
    refuse,
    take: (line) => {
      last.note(line, null);
    },
    refuseRest(line, rows) {
      if (rejected < REFUSED_FREELY || rejected * CHARACTERS_PER_REFUSAL < characters) return false;
      const left = rows();
      if (left > 0) refuse(line, new Refusal('too_many_refused', '', REST), left);
      return true;
    },
    withdrawNotes(line) {
      for (const [key, known] of notes) {
        if (known.lastLine !== line) continue;
        known.rows -= 1;
        if (known.rows === 0) notes.delete(key);
      }
    },
    tellOf: (line) => (reason, field, message) => {
      const key = NOTED_BY_FIELD.has(reason) ? `${reason}\n${shown(field)}` : reason;
      const known = notes.get(key);
      if (known === undefined) {
        if (notes.size >= NOTES_TOLD) return;
        notes.set(key, { note: { reason, line, field: shown(field), message }, rows: 1, lastLine: line });
      } else if (known.lastLine !== line) {
        known.rows += 1;
        known.lastLine = line;
      }
    },
    summary: () => ({
      rejected,
      rejectedByReason: { ...byReason },
      newest: last.summary(),
      errors: [...errors.values()]
        .map(({ slip, line, rows }) => ({ ...slip, line, rows }))
        .sort((a, b) => a.line - b.line),
      notes: [...notes.values()].map(({ note, rows }) => ({ ...note, rows })),
    }),
  };
}

/** Why most rows were refused that were read. */
function mostOf(byReason: Readonly<Partial<Record<RefusalReason, number>>>): RefusalReason {
  const [most] = (Object.entries(byReason) as [RefusalReason, number][]).toSorted(([, a], [, b]) => b - a);
  return most?.[0] ?? 'too_many_refused';
}

const NOTED_BY_FIELD: ReadonlySet<NoteReason> = new Set(['not_a_number', 'decimal_comma', 'not_met']);
const REST = 'nearly all rows of this batch were refused, and the rest was not read: repair the sender';

const shown = (field: string): string =>
  field.length > LONGEST_FIELD ? `${field.slice(0, LONGEST_FIELD - 1)}…` : field;
