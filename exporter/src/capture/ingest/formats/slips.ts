import { Refusal, type Verdicts } from '../verdicts.js';
import { duplicateName } from './tolerant-json.js';

const RIGHT = 'send an object, an array of objects, or one object per line (application/x-ndjson)';

/** The refusal of a text that is not JSON, with the likely reason. */
export function notJson(what: string, text: string): Refusal {
  const hint = text.includes('\u0000')
    ? 'it looks like UTF-16; send UTF-8'
    : /^\s*[[{(]?\s*[{(]?\s*'|:\s*(?:True|False|None)\b/.test(text.slice(0, 2_000))
      ? 'it looks like Python’s repr; use json.dumps'
      : RIGHT;
  return new Refusal('not_json', '', `${what} is not JSON: ${hint}`);
}

/** Takes note of a name that stands twice in one object: the last one counts. */
export function tellDuplicates(text: string, line: number, verdicts: Verdicts): void {
  const name = duplicateName(text);
  if (name !== null)
    verdicts.tellOf(line)('duplicate_name', name, 'this name stands twice in one object; the last one counts');
}
