/**
 * JSON as it is really sent: with the `NaN` and `Infinity` of Python's json module, and with whole numbers longer than a
 * double holds. Such a number is read as a *marked* text (its first character is NUL), from which `values.ts` takes what
 * the field needs: all digits for an id, a rounded number for a feature.
 */

const MARK = '\u0000';
/** A whole number of 16 digits or more where a value can stand. */
const LONG_INTEGER = /[:,[\s]-?\d{16}/;
const TOKENS = /(?<![\w.])(?:NaN|-?Infinity|-?\d{16,}(?![\d.eE]))(?!\w)/g;
const MARKED = new RegExp(`^${MARK}(NaN|-?Infinity|-?\\d{16,})$`);

export type JsonReading = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'not-json' };

const NOT_JSON: JsonReading = { kind: 'not-json' };

/** Reads one JSON value; time is linear in the text's length. */
export function readJson(text: string): JsonReading {
  const isMarked = text.includes('NaN') || text.includes('Infinity') || LONG_INTEGER.test(text);
  return parsed(isMarked ? markNumbers(text) : text);
}

function parsed(text: string): JsonReading {
  // The stack of a syntax error is the greater part of its cost, and nobody reads it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return { kind: 'value', value: JSON.parse(text) };
  } catch {
    return NOT_JSON;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What a marked text stands for, null for every other value: `NaN`, `Infinity`, `-Infinity` or the digits of a whole number. */
export function markedNumber(value: string): string | null {
  if (value.charCodeAt(0) !== 0) return null;
  return MARKED.exec(value)?.[1] ?? null;
}

/** Marks the tokens outside of strings. */
function markNumbers(text: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('"', at);
    const end = open < 0 ? text.length : open;
    const between = text.slice(at, end);
    parts.push(between.length < 3 ? between : between.replace(TOKENS, (token) => `"\\u0000${token}"`));
    if (open < 0) break;
    at = endOfString(text, open);
    parts.push(text.slice(open, at));
  }
  return parts.join('');
}

/** The index after the string that begins at `open`; the end of the text when it is never closed. */
function endOfString(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let slashes = close;
    while (text.charCodeAt(slashes - 1) === 92) slashes -= 1;
    if ((close - slashes) % 2 === 0) return close + 1;
  }
  return text.length;
}

interface SplitArray {
  readonly elements: readonly string[];
  /** What stands behind its end; null where it is not closed. */
  readonly behind: string | null;
}

/**
 * The elements of an array that as a whole is not JSON, so that one bad element does not spoil its neighbours. A string
 * that is not closed in its line ends the element there; a bracket that closes nothing of its element is passed over.
 */
export function splitArray(text: string): SplitArray {
  const elements: string[] = [];
  const open: string[] = [];
  let squares = 0;
  let from = text.indexOf('[') + 1;
  let at = from;
  let lineEnd = -1;
  const take = (end: number): void => {
    const element = text.slice(from, end).trim();
    if (element !== '') elements.push(element);
  };
  const close = (bracket: string): void => {
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      if (last === '[') squares -= 1;
      if (last === bracket) return;
    }
  };
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      if (lineEnd < at) lineEnd = orEnd(text.indexOf('\n', at), text);
      const end = endOfString(text, at);
      if (end > lineEnd) {
        take(lineEnd);
        open.length = squares = 0;
        from = lineEnd;
      }
      at = Math.min(lineEnd, end) - 1;
    } else if (character === '{') open.push(character);
    else if (character === '[') {
      open.push(character);
      squares += 1;
    } else if (character === '}') close('{');
    else if (character === ']') {
      if (open.length === 0) break;
      if (squares > 0) close('[');
    } else if (character === ',' && open.length === 0) {
      take(at);
      from = at + 1;
    }
  }
  take(at);
  return { elements, behind: at < text.length ? text.slice(at + 1).trim() : null };
}

const orEnd = (index: number, text: string): number => (index < 0 ? text.length : index);

/**
 * At least the number of names written in a JSON text: quotes followed by a colon. A string that begins with a colon looks
 * like one, so more names than were read only mean that `duplicateNames` must look.
 */
export function namesWritten(text: string): number {
  let names = 0;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (isSpace(text.charCodeAt(before))) before -= 1;
    if (text.charCodeAt(before) === 34) names += 1;
  }
  return names;
}

/** Number of names in a value that was read from JSON, down to `depth` levels. */
export function namesRead(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null || depth === 0) return 0;
  let names = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[])
      if (typeof item === 'object' && item !== null) names += namesRead(item, depth - 1);
    return names;
  }
  for (const name in value) {
    names += 1;
    const item: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof item === 'object' && item !== null) names += namesRead(item, depth - 1);
  }
  return names;
}

/** The first name that stands twice in one object of a valid JSON text, null when none does. */
export function duplicateName(text: string): string | null {
  const scopes: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 123) scopes.push(new Set());
    else if (code === 91) scopes.push(null);
    else if (code === 125 || code === 93) scopes.pop();
    else if (code === 34) {
      const end = endOfString(text, at);
      let after = end;
      while (isSpace(text.charCodeAt(after))) after += 1;
      if (text.charCodeAt(after) === 58) {
        const name = unescaped(text.slice(at, end));
        const scope = scopes.at(-1);
        if (scope?.has(name) === true) return name;
        scope?.add(name);
      }
      at = end - 1;
    }
  }
  return null;
}

const unescaped = (quoted: string): string =>
  quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
