import { isObject, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { isList } from './found.js';
import { plainAnswer } from './plain-text.js';
import { readAnswer } from './reading.js';

/** The body of an answer, and when the first words of it came where it was sent piece by piece. */
export interface Body {
  readonly body: Json;
  readonly firstWordsSeconds: number | null;
  /** It is a few words, not in JSON. */
  readonly isLoneText?: boolean;
}

/**
 * The body of an answer as JSON. A stream of server-sent events or of JSON lines, as language models send them, is put together
 * to what the same server sends unasked for a stream (openai/openai-openapi `CreateChatCompletionStreamResponse`, ollama/ollama
 * `docs/api.md`, text-generation-inference `StreamResponse`). An error amid a stream is the answer.
 * @throws SyntaxError when it is neither JSON nor such a stream nor a plain answer
 */
export function bodyOf(answer: HttpAnswer): Body {
  const events = eventsIn(answer);
  if (events === null) return { ...wholeBody(answer), firstWordsSeconds: null };
  const first = events.find(({ data }) => wordsIn(data) !== '');
  return {
    body: assembled(events.map(({ data }) => data)),
    firstWordsSeconds: first === undefined ? null : arrivalOf(answer, first.end),
  };
}

/** JSON, of several lines of it the first; else what a plain text holds. */
function wholeBody(answer: HttpAnswer): Pick<Body, 'body' | 'isLoneText'> {
  const { body, headers } = answer;
  const isLines = (headers['content-type'] ?? '').startsWith('application/jsonlines');
  try {
    return { body: parseJson(isLines ? (body.trim().split('\n')[0] ?? '') : body) };
  } catch (error) {
    const plain = plainAnswer(answer);
    if (plain === null) throw error;
    return { body: plain, isLoneText: typeof plain === 'string' };
  }
}

interface Event {
  readonly data: JsonObject;
  /** Index in the body behind its last character. */
  readonly end: number;
}

/** Of lines that are no event; each costs more than many that are. */
const MOST_UNREAD = 1_000;

/** Events of a stream in the order they came; null for a body that is none. A missing `[DONE]`, comments and CRLF are borne. */
function eventsIn({ body, headers }: HttpAnswer): Event[] | null {
  const isEvents = (headers['content-type'] ?? '').startsWith('text/event-stream') || /^\s*(data|event):/.test(body);
  if ((headers['content-type'] ?? '').startsWith('application/jsonlines')) return null;
  if (!isEvents && !/^\s*\{[^\n]*\}\r?\n\s*\{/.test(body)) return null;
  const events: Event[] = [];
  let unread = 0;
  for (const match of body.matchAll(/^(?:data: ?)?([[{].*?)\r?$/gm)) {
    const data = objectIn(match[1] ?? '');
    if (data !== null) events.push({ data, end: match.index + match[0].length });
    else if ((unread += 1) > MOST_UNREAD) break;
  }
  return events.length === 0 ? null : events;
}

function objectIn(text: string): JsonObject | null {
  try {
    const parsed = parseJson(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function arrivalOf({ body, arrivals = [] }: HttpAnswer, end: number): number | null {
  const bytes = Buffer.byteLength(body.slice(0, end));
  return arrivals.find((arrival) => arrival.bytes >= bytes)?.seconds ?? null;
}

const isPresent = (value: JsonObject | null): value is JsonObject => value !== null;
const firstOf = (value: Json | undefined): JsonObject | null => {
  const [item] = isList(value) ? value : [];
  return item !== undefined && isObject(item) ? item : null;
};
const objectAt = (value: JsonObject | null, name: string): JsonObject | null => {
  const inner = value?.[name];
  return inner !== undefined && isObject(inner) ? inner : null;
};
const textAt = (value: JsonObject | null, name: string): string => {
  const text = value?.[name];
  return typeof text === 'string' ? text : '';
};

/** The words that one event brings; none in the one that only names the role, or tells the usage. */
function wordsIn(event: JsonObject): string {
  const choice = firstOf(event.choices);
  return (
    textAt(objectAt(choice, 'delta'), 'content') ||
    textAt(choice, 'text') ||
    textAt(objectAt(event, 'message'), 'content') ||
    textAt(event, 'response') ||
    textAt(objectAt(event, 'token'), 'text') ||
    (event.type === 'response.output_text.delta' ? textAt(event, 'delta') : '')
  );
}

function assembled(events: readonly JsonObject[]): JsonObject {
  const last = events.at(-1) ?? {};
  const failed = events.find(({ error }) => error !== undefined && error !== null);
  if (failed !== undefined) return failed;
  const whole = events.findLast((event) => isObject(event.response ?? null) && event.type !== 'response.created');
  if (whole !== undefined) return objectAt(whole, 'response') ?? whole;
  const words = events.map(wordsIn).join('');
  if (events.some(({ choices }) => isList(choices))) return ofChunks(events, words);
  if (typeof last.done === 'boolean') {
    // Nobody spoke: the end is marked of lines that say something else.
    if (!events.some(({ response, message }) => response !== undefined || message !== undefined))
      return lastRead(events);
    const message = objectAt(last, 'message');
    return message === null ? { ...last, response: words } : { ...last, message: { ...message, content: words } };
  }
  return last.token === undefined ? last : { ...last, generated_text: last.generated_text ?? words };
}

const NEWEST_READ = 20;

/** The last of the lines in which a prediction is found: one that says how sure it is, or else one that is not the end. */
function lastRead(events: readonly JsonObject[]): JsonObject {
  const read = events.slice(-NEWEST_READ).flatMap((event) => {
    const said = Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'done'));
    const { prediction, confidence } = readAnswer(said);
    return prediction === null ? [] : [{ said, confidence, isEnd: event.done === true }];
  });
  const best =
    read.findLast(({ confidence }) => confidence !== null) ?? read.findLast(({ isEnd }) => !isEnd) ?? read.at(-1);
  return best?.said ?? events.at(-1) ?? {};
}

/** Chunks of OpenAI's interface as one answer: text and log-probabilities joined, the last finish reason and usage. */
function ofChunks(events: readonly JsonObject[], words: string): JsonObject {
  const [first = {}] = events;
  const choices = events.map(({ choices: listed }) => firstOf(listed)).filter(isPresent);
  const isChat = choices.some(({ delta }) => delta !== undefined);
  const refusal = choices.map((choice) => textAt(objectAt(choice, 'delta'), 'refusal')).join('');
  const calls = toolCalls(choices);
  const said = {
    role: 'assistant',
    content: words === '' && (refusal !== '' || calls.length > 0) ? null : words,
    ...(refusal === '' ? {} : { refusal }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...first,
    object: isChat ? 'chat.completion' : (first.object ?? null),
    choices: [
      {
        index: 0,
        ...(isChat ? { message: said } : { text: words }),
        logprobs: logProbabilities(choices),
        finish_reason:
          choices.findLast(({ finish_reason: reason }) => typeof reason === 'string')?.finish_reason ?? null,
      },
    ],
    usage: events.findLast(({ usage }) => isObject(usage ?? null))?.usage ?? null,
  };
}

function logProbabilities(choices: readonly JsonObject[]): Json {
  const given = choices.map((choice) => objectAt(choice, 'logprobs')).filter(isPresent);
  const joined = (name: string): readonly Json[] => given.flatMap((one) => (isList(one[name]) ? one[name] : []));
  const content = joined('content');
  if (content.length > 0) return { content };
  const numbers = joined('token_logprobs');
  return numbers.length > 0 ? { token_logprobs: numbers } : null;
}

/** Calls of tools, whose arguments come in pieces by their index. */
function toolCalls(choices: readonly JsonObject[]): JsonObject[] {
  const calls = new Map<number, { name: string; arguments: string }>();
  for (const choice of choices) {
    const listed = objectAt(choice, 'delta')?.tool_calls;
    for (const part of isList(listed) ? listed.filter(isObject) : []) {
      const index = typeof part.index === 'number' ? part.index : 0;
      const call = calls.get(index) ?? { name: '', arguments: '' };
      call.name += textAt(objectAt(part, 'function'), 'name');
      call.arguments += textAt(objectAt(part, 'function'), 'arguments');
      calls.set(index, call);
    }
  }
  return [...calls.values()].map((call) => ({ type: 'function', function: { ...call } }));
}
