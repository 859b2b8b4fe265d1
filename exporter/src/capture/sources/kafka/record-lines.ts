import { readJson, splitArray } from '../../ingest/formats/tolerant-json.js';

const MANY_LINES = /[\r\n]/;
const BREAKS = /[\r\n]+/g;

/**
 * A record's rows, a line each: it may hold one object, a list of them, or one on every line. Text that is none of these is a
 * line of its own, for whoever reads lines says what is wrong with it. Blank text is none.
 */
export function linesOf(value: Buffer): readonly string[] {
  const text = value
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  if (text === '') return [];
  if (text.startsWith('[')) {
    // Also of a list that is damaged: what is whole of it is taken.
    const { elements: whole, behind } = splitArray(text);
    // What stands behind it is a line as well, taken or refused.
    const elements = [...whole, ...(behind === null || behind === '' ? [] : [behind])].map(oneLine);
    if (elements.length > 0 || readJson(text).kind === 'value') return elements;
  }
  if (!MANY_LINES.test(text)) return [text];
  // Between the parts of a JSON value a break is a space, and within a text of it none stands.
  if (readJson(text).kind === 'value') return [oneLine(text)];
  return text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
}

const oneLine = (text: string): string => text.replace(BREAKS, ' ').trim();
