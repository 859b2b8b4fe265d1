import { Conflict } from './errors.js';

/** How far a log (a partition of a topic) has been taken for one model. */
export interface LogPosition {
  /** What stands before is taken, but for `open`. */
  readonly next: number;
  /** Offsets before `next` that are not taken yet: requests whose responses have not come. Ascending. */
  readonly open: readonly number[];
  /** How often the position was stored: whoever stores the next step must have seen this one. */
  readonly step: number;
}

/** Positions by log; the log's name tells it from one of the same topic in another cluster, or made anew. */
export type LogPositions = ReadonlyMap<string, LogPosition>;

/** A step of a position, which is stored in the transaction of what was taken with it. */
export interface LogStep {
  readonly log: string;
  readonly position: LogPosition;
}

/** Somebody else has stored a step since: nothing was counted, and what is stored says where to go on. */
export class LogMovedOn extends Conflict {
  constructor(log: string) {
    super(`the position in ${log} is another than it was, and nothing of this was counted; read it again from there`);
  }
}

/** A line of a log file that was refused. */
export interface RefusedLogLine {
  readonly atMs: number;
  /** Its name in its folder when it was read. */
  readonly file: string;
  /** Byte at which the line begins. */
  readonly offset: number;
  readonly reason: string;
  readonly field: string;
}
