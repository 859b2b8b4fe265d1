import type { Json } from '../../domain/json.js';
import type { Failure, ModelAnswer } from '../../domain/observation.js';
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

const REPEATS = 'the answer repeats what it was sent';

/** Whether a server only repeated what it was sent: it would do so with anything else. */
export const isRepeated = ({ detail }: Failure): boolean => detail.startsWith(REPEATS);

/** Texts of several words that a payload holds: one word may be one of the labels to choose from. */
function textsIn(payload: Json): readonly string[] {
  if (typeof payload === 'string') return payload.trim().includes(' ') ? [payload.trim().slice(0, LONGEST_TEXT)] : [];
  return payload !== null && typeof payload === 'object' ? Object.values(payload).flatMap(textsIn) : [];
}
const LONGEST_TEXT = 200;

/** An answer, unless it is a text of the payload itself. What a language model writes is one all the same. */
export function unlessRepeated(answer: ModelAnswer, payload: Json): ModelAnswer {
  if (answer.kind === 'failure' || answer.generation !== undefined || typeof answer.prediction !== 'string')
    return answer;
  return textsIn(payload).includes(answer.prediction.trim()) ? unread(REPEATS, answer) : answer;
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
