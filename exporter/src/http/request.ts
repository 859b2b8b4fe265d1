import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { Invalid, TooManyRequests } from '../domain/errors.js';
import { isDeeper } from '../domain/json.js';
import { issueWords, valueAt } from '../domain/issue-words.js';
import type { QueuePlace } from '../domain/intake-queue.js';
import { ownTurn } from '../domain/turns.js';
import { HttpError } from './http-error.js';
import type { BytesBody, TextBody } from './route.js';

const NO_PARAMETERS = z.strictObject({});
/** What `curl -d` calls every body when nothing is said of it. */
const CURLS_DEFAULT = 'application/x-www-form-urlencoded';

/**
 * Parameters of a path or a query against their schema; without one, none is taken.
 * @throws Invalid naming the parameter and what would be right
 */
export function readParameters(schema: z.ZodObject | undefined, given: URLSearchParams): Record<string, unknown> {
  const values: Record<string, string> = {};
  for (const [name, value] of given) {
    if (Object.hasOwn(values, name)) throw new Invalid(`${name} is given twice`, name.slice(0, 100));
    values[name] = value;
  }
  return checked(schema ?? NO_PARAMETERS, values, Object.keys(schema?.shape ?? {}));
}

/** Reading one takes milliseconds. */
const LARGE_BODY_BYTES = 100_000;
/** Nobody says anything to mlfi in more levels; what reads bodies may follow them to their end. */
const DEEPEST_BODY = 100;

/**
 * A JSON body against its schema.
 * @param place what the body takes of a queue while it is read, null for none
 * @throws Invalid naming the first wrong field, HttpError 413 or 415, TooManyRequests
 */
export async function readJson(
  request: IncomingMessage,
  schema: z.ZodType,
  limitBytes: number,
  place: QueuePlace | null,
): Promise<unknown> {
  const type = mediaType(request);
  if (!isJson(type)) throw unsupported(['application/json']);
  const raw = (await readBody(request, limitBytes, place)).toString('utf8');
  if (raw.trim() === '') throw new Invalid('the body is missing; send a JSON object', 'body');
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new Invalid('the body is not JSON', 'body');
  }
  if (isDeeper(value, DEEPEST_BODY)) throw new Invalid(`the body is nested deeper than ${DEEPEST_BODY} levels`, 'body');
  return checked(schema, value, schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);
}

/**
 * A body the handler reads itself, as bytes.
 * @param place what the body takes of a queue while it is read, null for none
 * @throws Invalid for a broken compression, HttpError 413 or 415, TooManyRequests
 */
export async function readBytes(
  request: IncomingMessage,
  body: TextBody | BytesBody,
  limitBytes: number,
  place: QueuePlace | null,
): Promise<Buffer> {
  const { content, takesOthers = false } = body;
  const type = mediaType(request);
  const isTaken =
    takesOthers || content[type] !== undefined || (content['application/json'] !== undefined && isJson(type));
  if (!isTaken) throw unsupported(Object.keys(content));
  return readBody(request, limitBytes, place);
}

/** The content type without its parameters, in lower case; empty when none is given. */
const mediaType = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const isJson = (type: string): boolean =>
  type === '' || type === 'application/json' || type.endsWith('+json') || type === CURLS_DEFAULT;

const unsupported = (types: readonly string[]): HttpError =>
  new HttpError(
    415,
    'unsupported-media-type',
    `this content type is not taken; send content-type: ${types.join(', or ')}`,
    'content-type',
  );

function checked<T>(schema: z.ZodType<T>, value: unknown, known: readonly string[]): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0) {
    const name = (issue.keys[0] ?? '').slice(0, 100);
    throw new Invalid(unknownName(name, known), name);
  }
  const field = issue?.path.join('.') ?? '';
  const what =
    issue === undefined
      ? 'is not as /api/v1/openapi.json says'
      : issueWords(issue, valueAt(value, issue.path) !== undefined);
  throw new Invalid(`${field === '' ? 'the body' : field}: ${what}`, field === '' ? 'body' : field);
}

/** What is said elsewhere, of which people think that it belongs to a request. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['schedule', 'say its parts, as "interval_seconds"'],
  ['interval_ms', 'say "interval_seconds"'],
  ...['secret', 'secrets', 'authorization_secret'].map(
    (name) =>
      [
        name,
        'secrets stand in the configuration file alone (see `secrets` there); a value that only this model needs goes into headers, and is never shown again',
      ] as const,
  ),
]);

/** A name that is not known, with the one that is: of `model` and `model_id` only one is. */
function unknownName(name: string, known: readonly string[]): string {
  const meant = known.find((one) => name.startsWith(`${one}_`) || one.startsWith(`${name}_`));
  if (name === 'id') return `the id of a model stays as it is; register another one. Known here: ${known.join(', ')}`;
  const elsewhere = meant === undefined ? ELSEWHERE.get(name) : `say "${meant}"`;
  const pointer = elsewhere === undefined ? '' : `: ${elsewhere}`;
  return `"${name}" is not known here${pointer}; known: ${known.length === 0 ? 'nothing' : known.join(', ')}`;
}

/** The body, gunzipped when it says so; never more than `limitBytes` are held. */
async function readBody(request: IncomingMessage, limitBytes: number, place: QueuePlace | null): Promise<Buffer> {
  const tooLarge = (unpacked = false): HttpError =>
    new HttpError(
      413,
      'too-large',
      `the body${unpacked ? ', unpacked,' : ''} is larger than ${limitBytes} bytes (http.maximum_body); send smaller batches`,
    );
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge();
  place?.expect(announced);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip'].includes(encoding))
    throw new HttpError(415, 'unsupported-media-type', 'content-encoding must be gzip or absent', 'content-encoding');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream: Readable = encoding === 'gzip' ? gunzipped(request) : request;
    // Destroying the request would close the connection before the refusal is sent.
    for await (const chunk of stream.iterator({ destroyOnReturn: encoding === 'gzip' }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limitBytes) throw tooLarge(encoding === 'gzip');
      place?.grow(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError || error instanceof TooManyRequests) throw error;
    throw new Invalid('the body broke off or is not valid gzip', 'body');
  }
  // Many that end together are not read on end: whoever asks something small is answered between them.
  if (size > LARGE_BODY_BYTES) await ownTurn();
  return Buffer.concat(chunks);
}

/** Ends in an error when the sender breaks off, which `pipe` would not tell. */
function gunzipped(request: IncomingMessage): Readable {
  const gunzip = createGunzip();
  request.pipe(gunzip);
  request.once('close', () => {
    if (!request.complete) gunzip.destroy(new Error('the sender broke off'));
  });
  return gunzip;
}
