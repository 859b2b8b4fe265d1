import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
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

/** An exposition in the format asked for, gzipped for those who take it. */
export async function exposition(
  request: Headers,
  text: string,
  format: ExpositionFormat,
): Promise<{ readonly text: string | Buffer; readonly type: string; readonly encoding?: 'gzip' }> {
  const type = CONTENT_TYPES[format];
  const takesGzip = new Negotiator(request).encodings(['gzip']).includes('gzip');
  if (!takesGzip || text.length < SMALLEST_GZIPPED_CHARACTERS) return { text, type };
  return { text: await compress(text, { level: 1 }), type, encoding: 'gzip' };
}
