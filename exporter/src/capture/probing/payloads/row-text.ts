import { type Json, parseJson } from '../../../domain/json.js';

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** A row that travels as text: CSV of numbers, or a line of JSON. */
export interface RowText {
  readonly row: Json;
  /** The text of another row of the same form. */
  readonly write: (row: Json) => string;
}

/** Reads a payload's text as a row. @returns null for ordinary text, a lone number included */
export function rowText(text: string): RowText | null {
  const cells = text.split(',');
  if (cells.length > 1 && cells.every((cell) => NUMBER.test(cell.trim())))
    return { row: cells.map(Number), write: (row) => (Array.isArray(row) ? row.join(',') : text) };
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return { row: parseJson(text), write: (row) => JSON.stringify(row) };
  } catch {
    return null;
  }
}
