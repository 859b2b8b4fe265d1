import type { Json } from '../../../domain/json.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { percentIn } from './found.js';

/**
 * What an answer holds that is no JSON: a label (`spam`, as ML.NET’s sample and small Flask services send it), a label beside its
 * share (`__label__a 0.93`, `spam,93%`), numbers, the first row of a table, by its header where it has one. Null for prose, a page
 * and words about the call: they are no answer of a model.
 */
export function plainAnswer({ body, headers }: Pick<HttpAnswer, 'body' | 'headers'>): Json | null {
  const type = headers['content-type'] ?? 'text/plain';
  const text = body.replace(/^\uFEFF/, '').trim();
  // Markup and JSON that is cut off are something else gone wrong.
  if (!type.startsWith('text/') || text === '' || /[<>{}[\]]/.test(text)) return null;
  const [line = '', second] = text.split(/\r?\n/);
  const isTable = type.startsWith('text/csv');
  if (second === undefined) return isTable ? rowIn(line) : (numbersIn(line) ?? scored(line) ?? labelIn(line));
  const named = isTable ? byHeader(line, second) : null;
  return named ?? (isTable ? rowIn(line) : numbersIn(line));
}

const cellsOf = (line: string): string[] => line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
const numberIn = (cell: string): number | null =>
  cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : percentIn(cell);

function numbersIn(line: string): Json | null {
  const numbers = line.split(/[,;\t ]+/).map(numberIn);
  if (numbers.includes(null)) return null;
  return numbers.length === 1 ? (numbers[0] ?? null) : numbers;
}

function rowIn(line: string): Json | null {
  const cells = cellsOf(line).map((cell) => numberIn(cell) ?? labelIn(cell));
  if (cells.includes(null)) return null;
  return cells.length === 1 ? (cells[0] ?? null) : cells;
}

function byHeader(header: string, line: string): Json | null {
  const names = cellsOf(header);
  const cells = cellsOf(line);
  if (names.length !== cells.length || names.some((name) => name === '' || numberIn(name) !== null)) return null;
  return Object.fromEntries(cells.map((cell, i) => [names[i] ?? '', numberIn(cell) ?? cell]));
}

/** No label is longer. */
const LONGEST = 160;

function scored(line: string): Json | null {
  if (line.length > LONGEST) return null;
  const [, words = '', number = ''] = /^(.*?)[\s,:;=(]+(\d+(?:\.\d+)?(?:e-?\d+)?(?:\s*%)?)\)?$/i.exec(line) ?? [];
  const label = labelIn(words);
  const share = numberIn(number);
  return label === null || share === null || share > 1 ? null : [label, share];
}

/** Up to three words without the marks of a sentence. */
const LABEL = /^[\p{L}\p{N}_+&#/'’.-]{1,40}(?: [\p{L}\p{N}_+&#/'’-]{1,40}){0,2}$/u;
const IDENTIFIER = /^[0-9a-f-]{16,}$|\d{6,}/i;
/** Say how the call or the service is, or begin a sentence. */
const ABOUT_THE_CALL =
  /\b(ok|okay|hello|hi|hey|welcome|works?|working|running|alive|healthy|health|up|down|ready|live|ping|pong|succe(ss|eded)\w*|done|accepted|created|received|queued|processing|pending|loading|loaded|errors?|fail\w*|exception|invalid|missing|required|unauthori[sz]ed|forbidden|denied|found|(un)?available|(un)?supported|allowed|null|none|undefined|nan|thanks?|please|servers?|services?|api|model|requests?|method|bad(?= (?:request|gateway))|is|are|was|the|you|your|it|to|try|again|later|maintenance)\b/i;
/** What servers, proxies and their pages say by themselves; among other words these may name a class (`home loan`). */
const OF_A_SERVER =
  /^(?:not implemented|coming soon|(?:log|sign) ?in|home ?(?:page)?|index|dashboard|gateway time-?out|no content|rate limit(?:ed)?|limit exceeded|blocked|moved(?: permanently| temporarily)?|redirecting|see other|gone|conflict|(?:payment|upgrade) required|(?:nginx|apache|caddy|envoy|traefik|flask|fastapi|uvicorn|gunicorn|werkzeug)(?:\/[\w.]+)?|localhost(?::\d+)?|get|post|put|patch|head|options|cors|\d+(?:\.\d+){2,3}(?::\d+)?|v\d+(?:\.\d+)+|\d{4}-\d\d-\d\d|\d\d:\d\d(?::\d\d)?)$/i;
const isAboutTheCall = (text: string): boolean => {
  const words = text.replaceAll('_', ' ');
  return OF_A_SERVER.test(words) || ABOUT_THE_CALL.test(words);
};

const labelIn = (text: string): string | null =>
  text.length <= LONGEST && LABEL.test(text) && !/[.!?]$/.test(text) && !IDENTIFIER.test(text) && !isAboutTheCall(text)
    ? text
    : null;
