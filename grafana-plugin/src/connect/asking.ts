import { t } from '@grafana/i18n';
import type { Registration } from '../api/models';

export interface NamedValue {
  name: string;
  value: string;
}

/** What is typed as text; what is empty mlfi finds out itself. */
const EMPTY_TEXTS = {
  user: '',
  password: '',
  payload: '',
  prediction: '',
  confidence: '',
  classes: '',
  openapi: '',
  caFile: '',
  certFile: '',
  keyFile: '',
};
export type TextName = keyof typeof EMPTY_TEXTS;

/** How a model is asked, as it is typed. */
export interface AskingFields extends Record<TextName, string> {
  headers: NamedValue[];
  query: NamedValue[];
  connector: Registration['connector'] | '';
  method: NonNullable<Registration['method']> | '';
  isAnyCertificateTaken: boolean;
}

export const NOTHING_ASKED: AskingFields = {
  ...EMPTY_TEXTS,
  headers: [{ name: 'Authorization', value: '' }],
  query: [{ name: '', value: '' }],
  connector: '',
  method: '',
  isAnyCertificateTaken: false,
};

export type Asking = Pick<
  Registration,
  'headers' | 'query' | 'payloads' | 'answer' | 'connector' | 'method' | 'openapi' | 'tls'
>;
/** By field; of a list by its name and the place in it, as `headers-0`. */
export type AskingProblems = Partial<Record<string, string>>;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

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

const openapiProblem = (text: string) =>
  text === '' || /^(https?:\/\/[^/]|\/(?!\/))[^\s\\]*$/.test(text)
    ? undefined
    : t('asking.openapi-wrong', 'Give an http address, or a path of the model’s server such as /docs/openapi.json');

const userProblem = ({ user, password }: Pick<AskingFields, 'user' | 'password'>) =>
  user.includes(':')
    ? t('asking.user-wrong', 'A user name holds no colon')
    : user === '' && password !== ''
      ? t('asking.user-missing', 'A password belongs to a user')
      : undefined;

const namedProblems = (field: 'headers' | 'query', given: NamedValue[]): Array<[string, string | undefined]> =>
  given.map(({ name, value }, i) => [
    `${field}-${i}`,
    value === '' || NAME.test(name.trim())
      ? undefined
      : t('asking.name-wrong', 'A name is made of letters, digits and dashes'),
  ]);

/** What stands in the way of asking like this, by field. */
export function problemsOf(fields: AskingFields): AskingProblems {
  const { payload, certFile, keyFile } = fields;
  const found: Array<[string, string | undefined]> = [
    ...namedProblems('headers', fields.headers),
    ...namedProblems('query', fields.query),
    ['user', userProblem(fields)],
    [
      'payload',
      payload.trim() === '' || payloadOf(payload) !== undefined
        ? undefined
        : t('asking.payload-wrong', 'This is not JSON'),
    ],
    ...(['prediction', 'confidence', 'classes'] as const).map((name): [string, string | undefined] => [
      name,
      pointerProblem(fields[name].trim()),
    ]),
    ['openapi', openapiProblem(fields.openapi.trim())],
    [
      'keyFile',
      (certFile.trim() === '') === (keyFile.trim() === '')
        ? undefined
        : t('asking.key-wrong', 'A certificate and its key are given together'),
    ],
  ];
  return Object.fromEntries(found.filter(([, problem]) => problem !== undefined));
}

const valuesOf = (given: NamedValue[]): Record<string, string> =>
  Object.fromEntries(given.flatMap(({ name, value }) => (value === '' ? [] : [[name.trim(), value]])));

/** User and password as HTTP's basic scheme sends them (RFC 7617), in UTF-8. */
function basicOf({ user, password }: Pick<AskingFields, 'user' | 'password'>): Record<string, string> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return user === '' ? {} : { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

const isSaid = (members: object) => Object.keys(members).length > 0;
/** Texts that were filled in, under the names of the exporter. */
const filled = (texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, text.trim()]]))
  );

/** What the exporter is told of it; nothing for what was left empty. */
export function askingOf(fields: AskingFields): Asking {
  const { connector, method, openapi, prediction, confidence, classes, isAnyCertificateTaken } = fields;
  const headers = { ...valuesOf(fields.headers), ...basicOf(fields) };
  const query = valuesOf(fields.query);
  const payload = fields.payload.trim() === '' ? undefined : payloadOf(fields.payload);
  const answer = filled({ prediction, confidence, classes });
  const tls = {
    ...filled({ ca_file: fields.caFile, cert_file: fields.certFile, key_file: fields.keyFile }),
    ...(isAnyCertificateTaken ? { insecure_skip_verify: true } : {}),
  };
  return {
    ...(isSaid(headers) ? { headers } : {}),
    ...(isSaid(query) ? { query } : {}),
    ...(payload === undefined ? {} : { payloads: [payload.value] }),
    ...(isSaid(answer) ? { answer } : {}),
    ...(connector === '' ? {} : { connector }),
    ...(method === '' ? {} : { method }),
    ...filled({ openapi }),
    ...(isSaid(tls) ? { tls } : {}),
  };
}
