import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DomainEvent } from '../../exporter/src/domain/ports.js';
import { startHttpServer } from '../../exporter/src/http/server.js';
import { eventually, runService, type RunningService } from './running-service.js';

const REQUEST_TIMEOUT_MS = 2_000;
let running: RunningService;
let port: number;
beforeAll(async () => {
  running = await runService({ http: { request_timeout: '2s' } });
  port = Number(new URL(running.service.address).port);
  await running.request('POST', '/api/v1/models', { id: 'busy' });
});
afterAll(() => running.close());

interface Client {
  readonly socket: Socket;
  readonly said: () => string;
  readonly closedAfterMs: () => number | null;
}

/** A client that says `first`, then a byte of `rest` every 100 ms, and never ends by itself. */
function dribbling(first: string | Buffer, rest: Buffer): Client {
  const startedAt = performance.now();
  const socket = connect(port, '127.0.0.1');
  let said = '';
  let closedAfterMs: number | null = null;
  socket.on('data', (chunk) => (said += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  if (first.length > 0) socket.write(first);
  let at = 0;
  const timer = setInterval(() => {
    if (at < rest.length) socket.write(rest.subarray(at, at + 1));
    at += 1;
  }, 100);
  socket.on('close', () => {
    closedAfterMs = performance.now() - startedAt;
    clearInterval(timer);
  });
  return { socket, said: () => said, closedAfterMs: () => closedAfterMs };
}

const head = (length: number, extra = ''): string =>
  `POST /api/v1/models/busy/observations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.key}\r\n` +
  `content-type: application/json\r\ncontent-length: ${length}\r\n${extra}\r\n`;

const percentile99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

async function ingestFor(ms: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (const until = performance.now() + ms; performance.now() < until;) {
    const startedAt = performance.now();
    const { status } = await running.request('POST', '/api/v1/models/busy/observations', [
      { prediction: 'yes', confidence: 0.9 },
    ]);
    expect(status).toBe(200);
    tookMs.push(performance.now() - startedAt);
  }
  return tookMs;
}

it('closes 300 slow clients in time: silent, in the head, in the body, in a packed body; the others do not notice', async () => {
  const alone = percentile99(await ingestFor(1_500));
  const packed = gzipSync(JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ prediction: `class-${i}` }))));
  const clients = Array.from({ length: 75 }, () => [
    dribbling('', Buffer.alloc(0)),
    dribbling('GET / HTTP/1.1\r\nhost: x\r\n', Buffer.alloc(100_000, 'a')),
    dribbling(head(100_000), Buffer.alloc(100_000, ' ')),
    dribbling(head(packed.length, 'content-encoding: gzip\r\n'), packed),
  ]).flat();
  const beside = percentile99(await ingestFor(REQUEST_TIMEOUT_MS));
  await eventually('every slow client closed', 60_000, () =>
    clients.every(({ closedAfterMs }) => closedAfterMs() !== null) ? true : null,
  );
  for (const { said } of clients) expect(said() === '' || said().startsWith('HTTP/1.1 408')).toBe(true);
  // Loose, because the clients live in the process of the service here, and the machine may be busy.
  expect(beside).toBeLessThan(Math.max(10 * alone, 5_000));
});

it('cuts off readers of events that read nothing, and goes on for those who read', async () => {
  const request = `GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.key}\r\n\r\n`;
  const asleep = Array.from({ length: 10 }, () => {
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(request);
    return socket;
  });
  const awake = dribbling(request, Buffer.alloc(0));
  await eventually('a stream', 5_000, () => (awake.said().includes('retry:2000') ? true : null));
  await sleep(200);
  const status = running.service.application.models.statuses()[0];
  if (status === undefined) throw new Error('no model');
  const event = {
    kind: 'model-updated',
    model: { ...status.model, state: 'x'.repeat(64_000) },
  } as unknown as DomainEvent;
  // Beyond what the kernel takes for a reader that sleeps: 16 MB each, were it kept.
  for (let i = 0; i < 250; i += 1) {
    running.service.application.events.publish(event);
    await sleep(10);
  }
  await sleep(1_500);
  // Only reading shows a paused socket that it was closed.
  const ended = await Promise.all(
    asleep.map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          socket.once('close', () => resolve(true));
          setTimeout(() => resolve(false), 3_000);
          socket.resume();
        }),
    ),
  );
  expect(ended.every(Boolean)).toBe(true);
  expect(awake.closedAfterMs()).toBeNull();
  expect(awake.said().length).toBeGreaterThan(250 * 64_000);
  awake.socket.destroy();
});

it('gives up an answer of which nothing is read, and none that is read slowly', async () => {
  const answer = Buffer.alloc(30_000_000, 'x');
  const open = new Set<string | undefined>();
  const server = await startHttpServer(
    ({ url }, response) => {
      open.add(url);
      response.once('close', () => open.delete(url));
      response.end(answer);
    },
    { end: () => undefined, pipelined: () => undefined },
    { address: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, unreadMs: 500 },
    { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  );
  const reader = (
    path: string,
    pauseMs: number | null,
  ): { readonly read: () => number; readonly closed: () => boolean } => {
    let read = 0;
    let isClosed = false;
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    socket.on('data', (chunk) => {
      read += chunk.length;
      socket.pause();
      if (pauseMs !== null) setTimeout(() => socket.resume(), pauseMs);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    return { read: () => read, closed: () => isClosed };
  };
  const slow = reader('/slow', 15);
  reader('/unread', null);
  await eventually('two answers', 5_000, () => (open.size === 2 ? true : null));
  await eventually('one of them given up', 10_000, () => (open.size === 1 ? true : null));
  expect([...open]).toEqual(['/slow']);
  await eventually('all of it read', 60_000, () => (slow.read() > answer.length ? true : null));
  expect(slow.closed()).toBe(false);
  await server.close();
});

it('ends open streams at once when it stops, and answers what is under way', async () => {
  const watching = Array.from({ length: 20 }, () =>
    dribbling(
      `GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.key}\r\n\r\n`,
      Buffer.alloc(0),
    ),
  );
  await eventually('streams', 5_000, () => (watching.every(({ said }) => said().includes('retry:2000')) ? true : null));
  const body = JSON.stringify([{ prediction: 'yes', confidence: 0.9 }]);
  const underWay = dribbling(head(body.length), Buffer.alloc(0));
  await sleep(100);
  const startedAt = performance.now();
  const restarted = running.restart();
  underWay.socket.write(body);
  await eventually('the answer', 3_000, () => (underWay.closedAfterMs() === null ? null : true));
  expect(underWay.said()).toMatch(/^HTTP\/1\.1 200/);
  expect(underWay.said().toLowerCase()).toContain('connection: close');
  expect(watching.every(({ closedAfterMs }) => closedAfterMs() !== null)).toBe(true);
  await restarted;
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
