import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { exposition, expositionFormat } from '../../../exporter/src/http/negotiation.js';

describe('content negotiation', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0.1,text/plain', 'text'],
    ['application/openmetrics-text,text/plain;q=0', 'openmetrics'],
    ['*/*;q=0', 'text'],
  ])('%s → %s', (accept, format) => {
    expect(expositionFormat({ headers: accept === undefined ? {} : { accept } })).toBe(format);
  });
});

describe('an exposition', () => {
  const long = 'mlfi_up 1\n'.repeat(500);

  it.each([
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['*', true],
    ['gzip;q=0', false],
    ['identity', false],
    [undefined, false],
  ])('for accept-encoding %s is gzipped: %s', async (accepted, packed) => {
    const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
    const { text, encoding } = await exposition({ headers }, long, 'text');
    expect(encoding).toBe(packed ? 'gzip' : undefined);
    expect(Buffer.isBuffer(text) ? gunzipSync(text).toString() : text).toBe(long);
  });

  it('is left as it is when packing would not pay', async () => {
    expect(await exposition({ headers: { 'accept-encoding': 'gzip' } }, 'short\n', 'openmetrics')).toEqual({
      text: 'short\n',
      type: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    });
  });
});

describe('a large exposition', () => {
  const pieces = Array.from({ length: 40 }, (_, i) => `mlfi_up{model_name="m${i}é"} 1\n`.repeat(500));
  const large = { pieces, length: pieces.join('').length };

  it.each(['gzip', 'identity'])('is sent piece by piece, as a whole one would be: %s', async (accepted) => {
    const { text, encoding } = await exposition({ headers: { 'accept-encoding': accepted } }, large, 'text');
    expect(encoding).toBe(accepted === 'gzip' ? 'gzip' : undefined);
    if (typeof text === 'string' || Buffer.isBuffer(text)) throw new Error('it is sent at once');
    const sent = Buffer.concat(await text.toArray());
    expect((accepted === 'gzip' ? gunzipSync(sent) : sent).toString('utf8')).toBe(pieces.join(''));
  });

  it('ends with whoever hangs up', async () => {
    const { text } = await exposition({ headers: { 'accept-encoding': 'gzip' } }, large, 'text');
    if (typeof text === 'string' || Buffer.isBuffer(text)) throw new Error('it is sent at once');
    text.destroy();
    expect(await text.toArray().catch(() => 'ended')).toBe('ended');
  });

  it('is sent at once where it is small', async () => {
    const { text } = await exposition({ headers: {} }, { pieces: ['a 1\n', 'b 2\n'], length: 8 }, 'text');
    expect(text).toBe('a 1\nb 2\n');
  });
});
