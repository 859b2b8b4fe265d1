import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import Negotiator from 'negotiator';
import { CONTENT_TYPES, type ExpositionFormat } from '../metrics/exposition.js';

type Headers = Pick<IncomingMessage, 'headers'>;

/** How Prometheus 3 may want names escaped; names here need no escaping, so every way is this one. */
const ESCAPINGS = ['', '; escaping=allow-utf-8', '; escaping=underscores', '; escaping=dots', '; escaping=values'];
const offers = (type: string): readonly string[] => ESCAPINGS.map((escaping) => `${type}${escaping}`);
const OPENMETRICS = offers('application/openmetrics-text; version=1.0.0');
const OFFERED = [...offers('text/plain; version=0.0.4'), ...offers('text/plain; version=1.0.0'), ...OPENMETRICS];

/**
 * The exposition format an Accept header asks for; text when it asks for neither. Protobuf is not offered, so a Prometheus
 * that prefers it falls to its next choice.
 */
export function expositionFormat(request: Headers): ExpositionFormat {
  const preferred = new Negotiator(request).mediaType(OFFERED);
  return preferred !== undefined && OPENMETRICS.includes(preferred) ? 'openmetrics' : 'text';
}

const compress = promisify(gzip);
/** Below this a scrape costs less uncompressed. */
const SMALLEST_GZIPPED_CHARACTERS = 1_400;

/** Above this it is sent piece by piece. */
const LARGEST_AT_ONCE_CHARACTERS = 262_144;

/** What is zipped comes back in chunks of this size, a turn of the loop each. */
const ZIPPED_CHUNK_BYTES = 262_144;

/** A text that is made while it is sent. */
export interface TextInPieces {
  readonly pieces: Iterable<string>;
  /** Characters of all pieces. */
  readonly length: number;
}

/** An exposition in the format asked for, gzipped (beside the event loop) for those who take it. */
export async function exposition(
  request: Headers,
  given: string | TextInPieces,
  format: ExpositionFormat,
): Promise<{ readonly text: string | Buffer | Readable; readonly type: string; readonly encoding?: 'gzip' }> {
  const type = CONTENT_TYPES[format];
  const takesGzip = new Negotiator(request).encodings(['gzip']).includes('gzip');
  if (typeof given !== 'string' && given.length > LARGEST_AT_ONCE_CHARACTERS) {
    const plain = Readable.from(given.pieces, { objectMode: false });
    if (!takesGzip) return { text: plain, type };
    // Whoever ends one ends the other: a scraper may hang up.
    return {
      text: pipeline(plain, createGzip({ level: 1, chunkSize: ZIPPED_CHUNK_BYTES }), () => undefined),
      type,
      encoding: 'gzip',
    };
  }
  const text = typeof given === 'string' ? given : [...given.pieces].join('');
  if (!takesGzip || text.length < SMALLEST_GZIPPED_CHARACTERS) return { text, type };
  return { text: await compress(text, { level: 1 }), type, encoding: 'gzip' };
}
