import type { ModelId } from '../../domain/identifiers.js';
import type { RefusedLogLine } from '../../domain/log-position.js';

/** That lines were refused is told of a model for so long after the last. */
const TOLD_MS = 86_400_000;
const LINE_FEED = 10;

/** Lines of log files that were refused, and where the newest piece with one has its first. */
export class RefusedLines {
  private readonly newest = new Map<ModelId, RefusedLogLine>();

  note(model: ModelId, refused: RefusedLogLine): void {
    this.newest.set(model, { ...refused, file: refused.file.replace(/\p{Cc}/gu, ' ') });
  }

  /** Null where none was of late. */
  of(model: ModelId, nowMs: number): RefusedLogLine | null {
    const refused = this.newest.get(model);
    if (refused === undefined || nowMs - refused.atMs >= TOLD_MS) return null;
    return refused;
  }
}

/** Where a line begins. @param line 1-based */
export function offsetOfLine(bytes: Buffer, line: number): number {
  let at = 0;
  for (let next = 1; next < line; next += 1) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end < 0) break;
    at = end + 1;
  }
  return at;
}

/** Line ends of a text. */
export const lineEnds = (text: string): number => text.split('\n').length - 1;
