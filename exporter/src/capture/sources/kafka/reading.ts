import type { ModelId } from '../../../domain/identifiers.js';
import type { LogStep } from '../../../domain/log-position.js';
import type { ParsedBatch } from '../../ingest/parse.js';
import type { KafkaRecord } from '../../../domain/kafka-connection.js';

/** What became of a record. */
export const RECORD_OUTCOMES = [
  'taken',
  'known',
  'waiting',
  'repeated',
  'skipped',
  'refused',
  'unanswered',
  'deleted',
] as const;
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number];

/** A record whose partition has the name under which positions in it are stored. */
export interface LoggedRecord extends KafkaRecord {
  readonly log: string;
}

/** Where a record is, as `kafka-console-consumer` asks for it. */
export type RecordPlace = Pick<KafkaRecord, 'topic' | 'partition' | 'offset'>;

/** Rows of one model, and the steps that are stored with them. Those of one model are taken in their order. */
export interface Portion {
  readonly model: ModelId;
  readonly sender: string;
  readonly batch: ParsedBatch;
  readonly steps: readonly LogStep[];
  /** The record that a line of the batch is of; absent where lines are of several. */
  readonly recordOf?: (line: number) => RecordPlace | null;
}

/** What records hold. */
export interface Reading {
  readonly portions: readonly Portion[];
  readonly outcomes: ReadonlyMap<RecordOutcome, number>;
}

/** Makes rows of records. What it remembers is of one generation: it is made anew with each. */
export interface RecordReader {
  /** @throws what keeps a model from being found or made, as `Unavailable`: then nothing of them is remembered */
  read(records: readonly LoggedRecord[], nowMs: number): Promise<Reading>;
  /** What waited too long, or does not fit. */
  giveUp(nowMs: number): Reading;
  /** The oldest offset of the log that must be read again by whoever has its partition next; null for none. */
  heldAt(log: string): number | null;
  /** Memory of what waits. */
  readonly waitingBytes: number;
}

/** Counts outcomes. */
export class Outcomes {
  readonly counts = new Map<RecordOutcome, number>();

  note(outcome: RecordOutcome, records = 1): void {
    if (records > 0) this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + records);
  }
}
