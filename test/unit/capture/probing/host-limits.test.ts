import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { limitMs, politeHttp } from '../../../../exporter/src/capture/probing/host-limits.js';
import { createEgress } from '../../../../exporter/src/http/egress.js';

const NOW = Date.parse('2026-11-28T10:00:00Z');
const MINUTE = 60_000;
const LIMITS: readonly (readonly [what: string, status: number, headers: Record<string, string>, waitMs: number])[] = [
  ['nothing said', 200, {}, 0],
  ['enough left', 200, { 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '1s' }, 0],
  ['429 with seconds', 429, { 'retry-after': '7' }, 7_000],
  ['429 with a date', 429, { 'retry-after': 'Sat, 28 Nov 2026 10:02:00 GMT' }, 2 * MINUTE],
  ['429 with milliseconds (Azure)', 429, { 'retry-after': '1', 'retry-after-ms': '250' }, 250],
  ['429 with nothing', 429, {}, 0],
  ['429 with a word', 429, { 'retry-after': 'later' }, 0],
  ['503 is the model’s own', 503, { 'retry-after': '7' }, 0],
  [
    'OpenAI: requests spent',
    200,
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' },
    6 * MINUTE,
  ],
  ['OpenAI: tokens spent', 200, { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1.5s' }, 1_500],
  [
    'milliseconds as a duration',
    200,
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '120ms' },
    120,
  ],
  [
    'the longer of two',
    200,
    {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '2s',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '9s',
    },
    9_000,
  ],
  [
    'of one only the spent one',
    200,
    {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '2s',
      'x-ratelimit-remaining-requests': '5',
      'x-ratelimit-reset-requests': '9s',
    },
    2_000,
  ],
  [
    'GitHub: seconds since 1970',
    200,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1_000 + 30) },
    30_000,
  ],
  ['milliseconds since 1970', 200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 4_000) }, 4_000],
  ['a date', 200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-11-28T10:00:05Z' }, 5_000],
  ['IETF, three headers', 200, { 'ratelimit-limit': '5', 'ratelimit-remaining': '0', 'ratelimit-reset': '12' }, 12_000],
  ['IETF, one header', 200, { ratelimit: 'limit=5, remaining=0, reset=11' }, 11_000],
  ['IETF, one header with some left', 200, { ratelimit: 'limit=5, remaining=2, reset=11' }, 0],
  ['IETF, structured', 200, { ratelimit: '"burst";r=0;t=3, "daily";r=900;t=40000' }, 3_000],
  ['at most an hour', 429, { 'retry-after': '86400' }, 60 * MINUTE],
  ['a time that is over', 429, { 'retry-after': 'Sat, 28 Nov 2026 09:00:00 GMT' }, 0],
];

describe('a limit on calls', () => {
  it.each(LIMITS)('%s', (_, status, headers, waitMs) => {
    expect(limitMs({ kind: 'answer', status, headers, body: '', latencySeconds: 0 }, NOW)).toBe(waitMs);
  });

  it('holds for everyone who asks the host, until it is over; nothing is sent meanwhile', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response
        .setHeader('x-ratelimit-remaining-requests', '0')
        .setHeader('x-ratelimit-reset-requests', '20s')
        .end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const egress = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
    let nowMs = NOW;
    const http = politeHttp(egress, { now: () => nowMs });
    const ask = (path: string) =>
      http.call({
        method: 'POST',
        url: `${origin}${path}`,
        headers: {},
        body: '{}',
        timeoutMs: 2_000,
        maxResponseBytes: 1_000,
      });
    try {
      expect(await ask('/a')).toMatchObject({ kind: 'answer', status: 200 });
      expect(http.restMs(`${origin}/b`)).toBe(20_000);
      expect(await ask('/b')).toMatchObject({
        kind: 'failure',
        unsent: true,
        failure: { reason: 'rate_limited', retryAfterMs: 20_000, httpStatus: null },
      });
      expect(http.restMs('http://127.0.0.1:1/b')).toBe(0);
      expect(asked).toBe(1);
      nowMs += 20_000;
      expect(await ask('/b')).toMatchObject({ kind: 'answer' });
      expect(asked).toBe(2);
    } finally {
      await egress.close();
      server.close();
    }
  });
});

it('leaves a host alone that limits calls and does not say how long: a second, doubled to a minute, until it answers well', async () => {
  let nowMs = NOW;
  let status = 429;
  let calls = 0;
  const http = politeHttp(
    {
      call: () => {
        calls += 1;
        const headers = { 'retry-after': 'later' };
        return Promise.resolve({ kind: 'answer', status, headers, body: '', latencySeconds: 0 } as const);
      },
    },
    { now: () => nowMs },
  );
  const url = 'http://host/predict';
  const call = () =>
    http.call({ url, method: 'POST', headers: {}, body: null, timeoutMs: 1_000, maxResponseBytes: 10 });
  const rests: number[] = [];
  const restOnce = async (): Promise<void> => {
    // Many models ask at once: it is one rest.
    await Promise.all(Array.from({ length: 20 }, call));
    rests.push(http.restMs(url) / 1_000);
    const sent = calls;
    expect(await call()).toMatchObject({ kind: 'failure', unsent: true });
    expect(calls).toBe(sent);
    nowMs += http.restMs(url);
  };
  for (let i = 0; i < 8; i += 1) await restOnce();
  expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  status = 200;
  expect(await call()).toMatchObject({ kind: 'answer', status: 200 });
  expect(http.restMs(url)).toBe(0);
  status = 429;
  await restOnce();
  expect(rests.at(-1)).toBe(1);
});
