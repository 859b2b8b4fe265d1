import { isList, type Json } from '../../domain/json.js';
import type { Failure, ModelAnswer } from '../../domain/observation.js';
import { REPEATS } from './answers/read-answer.js';
import { isNamedLikePrediction } from './path-words.js';

type Answer = Extract<ModelAnswer, { kind: 'answer' }>;

/** Say that something was done. */
const DEED =
  /^(?:ok|done|success|successful|accepted|created|inserted|added|saved|stored|registered|deleted|removed|purged|cleared|reset|cancelled|canceled|updated|queued|enqueued|scheduled|submitted|sent|started|stopped|restarted|triggered|running|pending|processing|completed)(?: \S{1,20}){0,2}$/i;

/** What an answer to a payload that mlfi thought up says was done, where it is no prediction; null for one that may be. */
function deedIn({ prediction, httpStatus = 200 }: Answer, url: string): string | null {
  const isMade = httpStatus === 201 || httpStatus === 202;
  const isNamed = isNamedLikePrediction(new URL(url).pathname);
  // `running` is a class of a model of movements.
  if (typeof prediction === 'string' && (isMade || !isNamed) && DEED.test(prediction)) return `“${prediction}”`;
  return isMade && !isNamed ? `status ${httpStatus}` : null;
}

const unread = (detail: string, { latencySeconds, httpStatus = 200 }: Answer): ModelAnswer => ({
  kind: 'failure',
  failure: { reason: 'schema', detail: detail.slice(0, 300), httpStatus, retryAfterMs: null },
  latencySeconds,
});

/** Whether a server only repeated what it was sent. */
export const isRepeated = ({ detail }: Failure): boolean => detail.startsWith(REPEATS);

/** A text that no model which corrects, translates or tidies leaves as it is: only an echo gives it back. */
const ODD_TEXT = 'Thiss sentense haz errors; dieser Satz ist deutsch; cette phrase est en francais.';

/** What texts of several words a payload holds, and which of them stand in lists: these may be labels to choose from. */
function textsIn(payload: Json, isInList = false): readonly { readonly text: string; readonly isInList: boolean }[] {
  if (typeof payload === 'string') {
    const text = payload.trim().slice(0, LONGEST_TEXT);
    return text.includes(' ') ? [{ text, isInList }] : [];
  }
  if (payload === null || typeof payload !== 'object') return [];
  return Object.values(payload).flatMap((part: Json) => textsIn(part, isInList || isList(payload)));
}
const LONGEST_TEXT = 200;

/** Whether an answer is all the text of the payload, and nothing else. */
function isAllOf(answer: ModelAnswer, payload: Json): boolean {
  if (answer.kind === 'failure' || answer.generation !== undefined || typeof answer.prediction !== 'string')
    return false;
  const said = answer.prediction.trim().slice(0, LONGEST_TEXT);
  const texts = textsIn(payload);
  return texts.length > 0 && texts.every(({ text, isInList }) => text === said && !isInList);
}

/**
 * An answer to what mlfi thought up, unless it is the text that was sent and an odd text comes back as it was sent, too. What a language
 * model writes is one all the same.
 * @param withText the payload with another text in the place of its own
 */
export async function unlessRepeated(
  answer: ModelAnswer,
  payload: Json,
  withText: (text: string) => Json,
  ask: (payload: Json) => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  if (answer.kind === 'failure' || !isAllOf(answer, payload)) return answer;
  const odd = withText(ODD_TEXT);
  return isAllOf(await ask(odd), odd) ? unread(REPEATS, answer) : answer;
}

const TEXTS_ASKED = 3;

/**
 * An answer to what mlfi thought up, as far as it is one: something that was done is none, and a text by itself (`Quota exceeded`) only
 * where another payload gets another.
 */
export async function readMadeUp(
  answer: ModelAnswer,
  url: string,
  others: readonly Json[],
  ask: (payload: Json) => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  if (answer.kind === 'failure') return answer;
  const deed = deedIn(answer, url);
  if (deed !== null)
    return unread(`the server answered with ${deed}: it may have done something, and that is no prediction`, answer);
  if (answer.isLoneText !== true) return answer;
  const asked = isNamedLikePrediction(new URL(url).pathname) ? TEXTS_ASKED : 1;
  for (const payload of others.slice(0, asked)) {
    const other = await ask(payload);
    if (other.kind === 'answer' && other.prediction !== answer.prediction) return answer;
    if (other.kind === 'failure') break;
  }
  return unread(
    `the answer is a text by itself, which may be no prediction: “${String(answer.prediction)}”; give a payload, or say that the whole answer is the prediction (a pointer of no characters)`,
    answer,
  );
}

/** Whether a call was carried out, and nothing in its answer was a prediction: another one like it would be carried out as well. */
export const isUnread = ({ reason, httpStatus }: Failure): boolean =>
  httpStatus !== null && httpStatus < 300 && (reason === 'schema' || reason === 'not_json');

/** Said of an address that names an action and is not asked what nobody gave. */
export const notAsked = (action: string): Failure => ({
  reason: 'payload_refused',
  detail: `the address says “${action.slice(0, 40)}”, so mlfi sends it nothing it thought up`,
  httpStatus: null,
  retryAfterMs: null,
});
