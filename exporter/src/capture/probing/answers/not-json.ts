import { parseJson } from '../../../domain/json.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { isHtml, serverWords } from './server-words.js';

/** What a body of a status of success is that is no JSON. */
export function notJsonText({ status, body, headers }: HttpAnswer): string {
  if (headers['inference-header-content-length'] !== undefined)
    return 'the answer holds binary tensors, and mlfi reads JSON: give a payload whose outputs are without "binary_data"';
  if ((headers['content-type'] ?? '').startsWith('application/octet-stream'))
    return 'the answer is binary (application/octet-stream), and mlfi reads JSON: let the server answer JSON, or send its calls as logs';
  if (body.trim() === '') return `the answer is empty (status ${status})`;
  const words = serverWords(body);
  // What begins as JSON holds values, maybe those that were sent.
  const quoted = words === null || /^\s*[{[]/.test(body) ? '' : `: “${words}”`;
  if (isWithoutNumbers(body)) return `the answer holds NaN or Infinity, which JSON has not${quoted}`;
  if (isHtml(body)) return `the answer is an HTML page${words === null ? '' : ` (“${words}”)`}, not JSON`;
  if (/^\s*<(\?xml|[a-z][\w.:-]*[\s>])/i.test(body.slice(0, LONGEST_START)))
    return `the answer is XML, not JSON${quoted}`;
  return isCutOff(body) ? `the answer is JSON that breaks off${quoted}` : `the answer is not JSON${quoted}`;
}
const LONGEST_START = 200;

/** JSON but for numbers that JSON has not, as Python writes them. */
function isWithoutNumbers(body: string): boolean {
  const mended = body.replace(/-?\b(?:NaN|Infinity)\b/g, 'null');
  if (mended === body) return false;
  try {
    parseJson(mended);
    return true;
  } catch {
    return false;
  }
}

/** JSON of which the end is missing: some of what it opens is never closed, and nothing is closed that it did not open. */
function isCutOff(body: string): boolean {
  if (!/^\s*[{[]\s*["{[\d\]}-]/.test(body)) return false;
  const open: string[] = [];
  let isText = false;
  for (let i = 0; i < body.length; i += 1) {
    const sign = body[i] ?? '';
    if (isText) {
      if (sign === '\\') i += 1;
      else if (sign === '"') isText = false;
    } else if (sign === '"') isText = true;
    else if (sign === '{' || sign === '[') open.push(sign === '{' ? '}' : ']');
    else if ((sign === '}' || sign === ']') && open.pop() !== sign) return false;
  }
  return isText || open.length > 0;
}
