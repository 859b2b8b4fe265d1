import type { FileReader } from './file-fingerprint.js';
import { wholeLines, type Cutting } from './whole-lines.js';

export const PIECE_BYTES = 1024 * 1024;
/** The header of nearly every table is shorter. */
const HEADER_BYTES = 16 * 1024;
/** A longer line is refused as one row, and the file is read on behind it. */
export const LONGEST_LINE_BYTES = 8 * PIECE_BYTES;

/** The first record of a table with its line end, read at every use: it is not known whether it is a header or a row. */
export async function headerOf(read: FileReader): Promise<string> {
  const header = { isTable: true, mostRows: 1, takesRest: false };
  for (const most of [HEADER_BYTES, LONGEST_LINE_BYTES]) {
    const bytes = await read(0, most);
    const { bytes: length } = wholeLines(bytes, header);
    if (length > 0) return bytes.toString('utf8', 0, length);
  }
  return '\n';
}

/** Where whole lines from `offset` on end; null where the first has no end yet. */
export async function pieceEnd(
  read: FileReader,
  offset: number,
  size: number,
  cutting: Cutting,
): Promise<number | null> {
  const left = size - offset;
  for (const most of [PIECE_BYTES, LONGEST_LINE_BYTES]) {
    const bytes = await read(offset, Math.min(most, left));
    const length = wholeLines(bytes, { ...cutting, takesRest: cutting.takesRest && bytes.length >= left }).bytes;
    if (length > 0) return offset + length;
    if (bytes.length < most) return null;
  }
  for (let at = offset + LONGEST_LINE_BYTES; at < size;) {
    const bytes = await read(at, Math.min(PIECE_BYTES, size - at));
    const lineEnd = bytes.indexOf(10);
    if (lineEnd >= 0) return at + lineEnd + 1;
    if (bytes.length === 0) return null;
    at += bytes.length;
  }
  return cutting.takesRest ? size : null;
}
