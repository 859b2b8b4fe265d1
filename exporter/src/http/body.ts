import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Invalid } from '../domain/errors.js';
import { HttpError } from './http-error.js';

/**
 * Reads a request's body as text, gunzipped when it says so, never holding more than `limitBytes`.
 * @throws HttpError 413 as soon as the limit is passed, Invalid for a broken compression
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string> {
  const tooLarge = (): HttpError =>
    new HttpError(413, 'too-large', `the body is larger than ${limitBytes} bytes; send smaller batches`);
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip'].includes(encoding))
    throw new Invalid('content-encoding must be gzip or absent', 'content-encoding');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream: Readable = encoding === 'gzip' ? gunzipped(request) : request;
    // Destroying the request would close the connection before the refusal is sent.
    for await (const chunk of stream.iterator({ destroyOnReturn: encoding === 'gzip' }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limitBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new Invalid('the body broke off or is not valid gzip');
  }
  return Buffer.concat(chunks).toString('utf8');
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
