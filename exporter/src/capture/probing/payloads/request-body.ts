import { isList, isObject } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import type { Endpoint } from '../../../domain/model.js';
import { fileIn } from './images.js';

/** What is sent, and what it is called. */
export interface RequestBody {
  readonly contentType: string;
  readonly body: string | null;
  /** Instead of a text. */
  readonly bytes?: Uint8Array;
  /** What may be answered, where it is not JSON alone. */
  readonly accept?: string;
  /** Parameters of the address. */
  readonly query?: readonly (readonly [string, string])[];
}

const BOUNDARY = 'mlfi-4f9d2c71e80b5a36';

const CSV = 'text/csv';
const JSON_TYPE = { contentType: 'application/json' };
const parametersOf = (payload: Readonly<Record<string, Json>>): [string, string][] =>
  Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);

/** A payload as the endpoint takes it: a file alone as its bytes, a form for `multipart`, lines as they are for `sagemaker`, JSON for all others. */
export function requestBodyOf({ connector, settings }: Endpoint, payload: Json): RequestBody {
  const isForm = connector === 'multipart' || settings.body === 'multipart';
  const file = typeof payload === 'string' ? fileIn(payload) : null;
  if (settings.body === 'query' && isObject(payload)) return { ...JSON_TYPE, body: null, query: parametersOf(payload) };
  if (isForm) return formOf(isObject(payload) ? payload : { file: payload });
  if (file !== null) return { contentType: file.type, body: null, bytes: Buffer.from(file.base64, 'base64') };
  if (connector !== 'sagemaker') return { ...JSON_TYPE, body: JSON.stringify(payload) };
  const { content_type: told } = settings;
  const contentType = typeof told === 'string' ? told : typeof payload === 'string' ? CSV : 'application/json';
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { contentType, body, accept: `${contentType}, application/json;q=0.9` };
}

function formOf(fields: Readonly<Record<string, Json>>): RequestBody {
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    (isList(value) ? value : [value]).flatMap((item) => (item === null ? [] : [partOf(name, item)])),
  );
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: null,
    bytes: Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

/** As browsers escape what would end the name (WHATWG HTML, "multipart/form-data encoding algorithm"). */
const escaped = (name: string): string => name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');

function partOf(name: string, value: Exclude<Json, null>): Buffer {
  const file = typeof value === 'string' ? fileIn(value) : null;
  const disposition = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${escaped(name)}"`;
  if (file === null) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return Buffer.from(`${disposition}\r\n\r\n${text}\r\n`);
  }
  const kind = file.type.split('/')[1] ?? 'bin';
  return Buffer.concat([
    Buffer.from(`${disposition}; filename="${escaped(name)}.${kind}"\r\ncontent-type: ${file.type}\r\n\r\n`),
    Buffer.from(file.base64, 'base64'),
    Buffer.from('\r\n'),
  ]);
}
