import type { FileReader } from './file-fingerprint.js';
import { wholeLines, type Cutting } from './whole-lines.js';

export const PIECE_BYTES = 1024 * 1024;
/** The header of nearly every table is shorter. */
const HEADER_BYTES = 16 * 1024;
/** A longer line is refused as one row, and the file is read on behind it. */
export const LONGEST_LINE_BYTES = 8 * PIECE_BYTES;

const NOTHING = Buffer.alloc(PIECE_BYTES);
/** What was never written before a line: its writer went on in its place after the file was emptied, or the machine crashed. */
export const HOLES = /^\0+/gm;

/** Where what is written goes on, from `offset`: there, too, where nothing does yet. */
export async function behindHole(read: FileReader, offset: number, size: number): Promise<number> {
  if ((await read(offset, 1))[0] !== 0) return offset;
  for (let at = offset; at < size;) {
    const bytes = await read(at, Math.min(PIECE_BYTES, size - at));
    if (!bytes.equals(NOTHING.subarray(0, bytes.length))) return at + bytes.findIndex((byte) => byte !== 0);
    if (bytes.length === 0) break;
    at += bytes.length;
  }
  return offset;
}

/** The first record of a table with its line end, read at every use: it is not known whether it is a header or a row. */
export async function headerOf(read: FileReader, beginning: number): Promise<string> {
  const header = { isTable: true, mostRows: 1, takesRest: false };
  for (const most of [HEADER_BYTES, LONGEST_LINE_BYTES]) {
    const bytes = await read(beginning, most);
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
  // What is allocated and not written yet is no rest of a line.
  const takesRest = cutting.takesRest && (await read(size - 1, 1))[0] !== 0;
  for (const most of [PIECE_BYTES, LONGEST_LINE_BYTES]) {
    const bytes = await read(offset, Math.min(most, left));
    const length = wholeLines(bytes, { ...cutting, takesRest: takesRest && bytes.length >= left }).bytes;
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
  return takesRest ? size : null;
}
