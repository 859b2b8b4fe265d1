import { t } from '@grafana/i18n';
import type { Registration } from '../api/models';

/** How a model is asked, as it is typed; what is empty mlfi finds out itself. */
export interface AskingFields {
  header: string;
  value: string;
  payload: string;
  prediction: string;
  confidence: string;
}

export const NOTHING_ASKED: AskingFields = {
  header: 'Authorization',
  value: '',
  payload: '',
  prediction: '',
  confidence: '',
};

export type Asking = Pick<Registration, 'headers' | 'payloads' | 'answer'>;
export type AskingProblems = Partial<Record<keyof AskingFields, string>>;

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** The payload as JSON; undefined when it is none. */
function payloadOf(text: string): { value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

const pointerProblem = (text: string) =>
  text === '' || text.startsWith('/')
    ? undefined
    : t('asking.pointer-wrong', 'A place in the answer begins with a slash, such as /predictions/0/label');

/** What stands in the way of asking like this, by field. */
export function problemsOf({ header, value, payload, prediction, confidence }: AskingFields): AskingProblems {
  const found: AskingProblems = {
    header:
      value === '' || HEADER_NAME.test(header.trim())
        ? undefined
        : t('asking.header-wrong', 'A header has a name of letters, digits and dashes'),
    payload:
      payload.trim() === '' || payloadOf(payload) !== undefined
        ? undefined
        : t('asking.payload-wrong', 'This is not JSON'),
    prediction: pointerProblem(prediction.trim()),
    confidence: pointerProblem(confidence.trim()),
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
}

/** What the exporter is told of it; nothing for what was left empty. */
export function askingOf({ header, value, payload, prediction, confidence }: AskingFields): Asking {
  const given = payload.trim() === '' ? undefined : payloadOf(payload);
  const answer = {
    ...(prediction.trim() === '' ? {} : { prediction: prediction.trim() }),
    ...(confidence.trim() === '' ? {} : { confidence: confidence.trim() }),
  };
  return {
    ...(value === '' ? {} : { headers: { [header.trim()]: value } }),
    ...(given === undefined ? {} : { payloads: [given.value] }),
    ...(Object.keys(answer).length === 0 ? {} : { answer }),
  };
}
