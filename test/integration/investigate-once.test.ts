import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { investigationText } from '../../exporter/src/cli/investigation-text.js';
import { investigateOnce } from '../../exporter/src/service/investigate-once.js';

const CLOSERS: (() => void)[] = [];
afterEach(() => {
  for (const close of CLOSERS.splice(0)) close();
});

/** Looks once at a server, with what is told meanwhile. */
async function look(samples: number, answer: (response: ServerResponse, text: string) => void) {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      answer(response, text);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  CLOSERS.push(() => server.close());
  const told: string[] = [];
  const investigation = await investigateOnce(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`, {
    samples,
    timeoutMs: 3_000,
    target: {},
    secrets: new Map(),
    onProgress: ({ text }) => told.push(text),
  });
  return { investigation, told };
}
const sure = (text: string): string =>
  JSON.stringify({ label: text.length % 2 === 0 ? 'a' : 'b', score: 0.6 + (text.length % 20) / 100 });

it('waits for a server that asks for it, at first and between calls, and reads its answers', async () => {
  const begunMs = Date.now();
  let calls = 0;
  let refusedAtMs = 0;
  const { investigation, told } = await look(8, (response, text) => {
    calls += 1;
    const isNew = Date.now() - begunMs < 900;
    const isTooMany = calls % 6 === 0 && Date.now() - refusedAtMs > 2_000;
    if (isTooMany) refusedAtMs = Date.now();
    if (isNew || isTooMany) response.writeHead(429, { 'retry-after': '1' }).end('{"error":"5 calls a second"}');
    else response.end(sure(text));
  });
  expect(investigation).toMatchObject({ verdict: 'healthy', samples: 8, errorShare: 0 });
  expect(told.filter((text) => text.endsWith('waiting 1 s')).length).toBeGreaterThanOrEqual(2);
});

it('tells to try again where a server never lets anybody in, for nobody goes on asking', async () => {
  const { investigation } = await look(5, (response) => response.writeHead(503, { 'retry-after': '90' }).end('{}'));
  expect(investigation).toMatchObject({
    verdict: 'undecided',
    setup: { kind: 'not-ready', advice: 'Try again in 90 s.' },
  });
});

it('tells what was sent and what was read from where, and once that there is nothing to compare with', async () => {
  const { investigation } = await look(5, (response, text) => response.end(sure(text)));
  const text = investigationText(investigation);
  expect(text.match(/no (earlier check|baseline)/g)).toEqual(['no earlier check']);
  expect(text).toContain('  sent, for one: {"text":"The service was quick');
  expect(text).toContain('  read: prediction from /label, confidence from /score\n');
});

it('shows each call and its response to whoever wants to see them', async () => {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.writeHead(request.method === 'POST' ? 200 : 404).end('{"label":"a","score":0.9}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  CLOSERS.push(() => server.close());
  await investigateOnce(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`, {
    samples: 5,
    timeoutMs: 3_000,
    target: { asking: { query: { key: { secret: 'query key' } } } },
    secrets: new Map([['query key', 's3cret-value']]),
    onProgress: () => undefined,
    onCall: (line) => calls.push(line),
  });
  expect(calls[0]).toMatch(/^1 → POST http:\/\/127\.0\.0\.1:\d+\/predict\?key=… \{"text":"/);
  expect(calls[1]).toMatch(/^1 ← 200 in \d\.\d{3} s \{"label":"a","score":0\.9\}$/);
  expect(calls.filter((line) => line.includes('→ GET')).length).toBe(4);
  expect(calls.filter((line) => line.includes('→ POST')).length).toBe(6);
  expect(calls.join('\n')).not.toContain('s3cret-value');
});
