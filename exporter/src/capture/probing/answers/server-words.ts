import { isObject, isList, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { withoutCredentials } from './credential-like.js';

const LONGEST_WORDS = 160;
/** No pattern meets more of a text than that: its length is the server's choice. */
const LONGEST_READ = 1_000;
const LONGEST_PAGE_READ = 65_536;
const MESSAGE_NAMES = [
  'message',
  'error',
  'detail',
  'error_message',
  'errorMessage',
  'msg',
  'info',
  'reason',
  'title',
  'errors',
  'fault',
  'faultstring',
];
/** What an error is called in other languages, as a name or as a status. */
const ERROR_WORDS: ReadonlySet<string> = new Set([
  ...[
    'problema',
    'fehler',
    'fehlermeldung',
    'erreur',
    'errore',
    'erro',
    'fout',
    'foutmelding',
    'fejl',
    'feil',
    'virhe',
    'hiba',
  ],
  ...['chyba', 'błąd', 'blad', 'hata', 'ошибка', 'помилка', 'σφάλμα', 'خطأ', '错误', '錯誤', 'エラー', '오류', '에러'],
]);
const isErrorWord = (name: string): boolean => ERROR_WORDS.has(name.toLowerCase());
const DEEPEST = 4;

/** Control characters, and those that turn the direction of the text around them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** One line of at most 160 characters, without what looks like a credential, that can stand in a terminal, a log and a page. */
function oneLine(text: string): string | null {
  const line = withoutCredentials(text.slice(0, LONGEST_READ)).replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim();
  if (line === '') return null;
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS - 1)}…` : line;
}

/**
 * What a server says went wrong: the message of a JSON error, the title of an HTML page, or the beginning of a text.
 * Values that a validation error repeats are left out.
 * @returns at most 160 printable characters; null when it says nothing
 */
export function serverWords(body: string): string | null {
  const text = body.trim();
  if (text === '') return null;
  if (isHtml(text)) return oneLine(/<title[^<>]*>([^<]*)<\/title>/i.exec(text.slice(0, LONGEST_PAGE_READ))?.[1] ?? '');
  if (!/^[[{"]/.test(text)) return oneLine(text);
  try {
    return messageOf(parseJson(text));
  } catch {
    return oneLine(text);
  }
}

/** A page for people instead of an answer, be it behind comments. */
export function isHtml(body: string): boolean {
  let rest = body.trimStart();
  while (rest.startsWith('<!--')) {
    const end = rest.indexOf('-->', 4);
    if (end === -1) return false;
    rest = rest.slice(end + 3).trimStart();
  }
  return /^<(!doctype html|html|head|body)\b/i.test(rest);
}

/** The message in an error body: Python web frameworks, KServe, MLflow, OpenAI, problem details (RFC 9457). */
function messageOf(body: Json, depth = 0): string | null {
  if (typeof body === 'string') return oneLine(body);
  if (depth > DEEPEST) return null;
  if (isList(body)) {
    const said = body.slice(0, 3).flatMap((item) => messageOf(item, depth + 1) ?? []);
    return said.length === 0 ? null : oneLine(said.join('; '));
  }
  if (!isObject(body)) return null;
  if (typeof body.msg === 'string' && isList(body.loc)) {
    const where = body.loc
      .flatMap((part) => (typeof part === 'number' || (typeof part === 'string' && part !== 'body') ? [part] : []))
      .join('.');
    return oneLine(where === '' ? body.msg : `${where}: ${body.msg}`);
  }
  for (const name of [...MESSAGE_NAMES, ...Object.keys(body).filter(isErrorWord)]) {
    const found = body[name] === undefined ? null : messageOf(body[name], depth + 1);
    if (found !== null) return found;
  }
  return null;
}

const WORDS_BESIDE: ReadonlySet<string> = new Set([
  ...['message', 'msg', 'detail', 'reason', 'error', 'mensaje', 'aviso', 'mensagem', 'messaggio', 'avviso', 'meldung'],
  ...[
    'hinweis',
    'nachricht',
    'melding',
    'bericht',
    'meddelande',
    'komunikat',
    'сообщение',
    '消息',
    'メッセージ',
    '메시지',
  ],
]);

/**
 * What a body says in which there is no prediction (`{"status": "maintenance", "message": "Back at 14:00"}`), under a name that says it
 * is about the call: what a server returns of people stays in memory.
 * @param payload what was sent: words under a name that it has as well are its own
 */
export function wordsBeside(body: Json, payload: Json): string | null {
  if (!isObject(body)) return null;
  const sent = new Set<string>();
  JSON.stringify(payload, (name, value: unknown) => {
    sent.add(name);
    return value;
  });
  const isWords = (name: string): boolean => WORDS_BESIDE.has(name.toLowerCase()) || isErrorWord(name);
  const text = Object.entries(body).find(
    ([name, value]) => isWords(name) && !sent.has(name) && typeof value === 'string' && value.trim() !== '',
  )?.[1];
  return typeof text === 'string' ? oneLine(text) : null;
}

export const ANSWER_NAMES: ReadonlySet<string> = new Set([
  'prediction',
  'predictions',
  'label',
  'labels',
  'class',
  'output',
  'outputs',
  'result',
  'results',
  'choices',
  'data',
  'answer',
  'generated_text',
  'score',
  'scores',
  'probability',
  'probabilities',
  'value',
]);
const FAILED_STATUSES = new Set(['failed', 'failure', 'error']);
const SAYS_ONLY = new Set([
  'message',
  'detail',
  'msg',
  'errors',
  'error_message',
  'errorMessage',
  'errorType',
  'error_code',
  'error_type',
  'error',
  'fault',
  'code',
  'type',
  'stackTrace',
  'stack_trace',
]);
/** What an error has where its answer would be. */
const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

const failedStatus = (status: Json | undefined): boolean =>
  typeof status === 'string'
    ? FAILED_STATUSES.has(status.toLowerCase()) || isErrorWord(status)
    : isObject(status ?? undefined) && isObject(status) && failedStatus(status.status);

/** `code` of `{"code": 0, "message": "success", "data": …}`. */
const isGood = (code: Json): boolean => [0, 200].includes(Number(code));
const isFailure = (status: Json | undefined): boolean => typeof status === 'number' && status >= 400 && status < 600;

/**
 * The error that a response with a status of success holds instead of an answer (`{"error": …}`, `{"success": false}`, a lone
 * `{"message": …}`, `{"status": "failed"}`, `{"code": 500, "msg": …}`), also where an answer would be or beside an empty one, and
 * beside any where a failed status and an error agree; null for an answer.
 */
export function errorInAnswer(body: Json): string | null {
  if (isList(body)) return body.length === 1 && isObject(body[0]) && 'error' in body[0] ? errorInAnswer(body[0]) : null;
  if (!isObject(body)) return null;
  const said = messageOf(body) ?? messageOf(body.status ?? null) ?? 'no reason given';
  if (body.success === false) return said;
  if (isFailure(body.statusCode)) return messageOf(body.body ?? null) ?? said;
  if (failedStatus(body.status) && typeof body.error === 'string' && body.error.trim() !== '') return said;
  return isStatusClass(body) ? null : (insteadOfClass(body) ?? errorBesideNone(body, said));
}

/** The error of a body without an answer, or where its only one is. */
function errorBesideNone(body: JsonObject, said: string): string | null {
  const names = Object.keys(body).filter((name) => !ANSWER_NAMES.has(name) || !isEmpty(body[name] ?? null));
  const answer = names.find((name) => ANSWER_NAMES.has(name));
  if (answer === undefined) return saysFailed(body) || saysOnly(names, body) ? said : null;
  const inner = body[answer] ?? null;
  return names.length === 1 && isObject(inner) && 'error' in inner ? errorInAnswer(inner) : null;
}

/** An exception as languages write it, with more than a word about it: no class has such a name. */
const EXCEPTION = /^(?:[\w.]{0,60}(?:Error|Exception)|ERROR): \S+ \S+/;
const CLASS_NAMES = ['prediction', 'predictions', 'label', 'class', 'result'];

/** What stands where a class would be of an exception, or of a fallback without any confidence; null for an answer. */
function insteadOfClass(body: JsonObject): string | null {
  if (body.fallback === true && SURE.some((name) => body[name] === 0))
    return messageOf(body) ?? 'a fallback was returned';
  if (SURE.some((name) => Number(body[name]) > 0)) return null;
  const text = CLASS_NAMES.map((name) => body[name]).find((value) => typeof value === 'string');
  return typeof text === 'string' && EXCEPTION.test(text.slice(0, LONGEST_READ)) ? oneLine(text) : null;
}

/** Says that the call went well, or how far it is. */
const WENT_WELL =
  /^(ok|okay|success|successful|succeeded|completed?|done|finished|ready|running|pending|processing|accepted|queued)$/i;
const ERROR_CODE = /^(error|errors|err|errno|code|error_?code)$/i;
const SURE = ['confidence', 'confidence_score', 'certainty'];

/** Whether a status is a class: a word that says how sure the model is of it is beside it, and none about an error. */
export function isStatusClass(body: JsonObject): boolean {
  const { status } = body;
  if (typeof status !== 'string' || WENT_WELL.test(status) || messageOf(body) !== null) return false;
  const keys = Object.keys(body);
  if (keys.some((key) => ERROR_CODE.test(key) || (ANSWER_NAMES.has(key) && isEmpty(body[key] ?? null)))) return false;
  return SURE.some((name) => typeof body[name] === 'number' && body[name] > 0);
}

function saysFailed({ error, status }: JsonObject): boolean {
  const isError = typeof error === 'string' ? error.trim() !== '' : isObject(error ?? undefined);
  return isError || failedStatus(status) || isFailure(status);
}

function saysOnly(names: readonly string[], body: JsonObject): boolean {
  const isWord = (name: string): boolean =>
    (SAYS_ONLY.has(name) || isErrorWord(name)) && !(name === 'code' && isGood(body.code ?? null));
  return names.length > 0 && names.every(isWord) && messageOf(body) !== null;
}
