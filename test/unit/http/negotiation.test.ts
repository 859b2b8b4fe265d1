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
