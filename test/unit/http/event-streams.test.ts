import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { EventStreams } from '../../../exporter/src/http/event-streams.js';
import { OpenStreams } from '../../../exporter/src/http/open-streams.js';
import { startHttpServer, type HttpServer } from '../../../exporter/src/http/server.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';

const warnings: unknown[] = [];
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...told: unknown[]) => void warnings.push(told),
  error: () => undefined,
};
const events = createEventBus(logger);
let server: HttpServer;
let streams: EventStreams;
beforeEach(() => void warnings.splice(0));
afterEach(() => server.close(0));

/** A stream for whoever asks, as long as `may` says; looked after every `everyMs`. */
async function serving(
  may: () => Promise<boolean>,
  limits = { streams: 2, unreadBytes: 65_536 },
  everyMs: number | undefined = 20,
): Promise<number> {
  streams = new EventStreams(events, systemClock, new OpenStreams(limits), everyMs);
  server = await startHttpServer(
    (request, response) => {
      // As long as a look at the credential takes.
      sleep(2)
        .then(() => streams.answer(request, response, 'key:x', may))
        .catch((error: unknown) => {
          response.statusCode = 503;
          response.end(String(error));
        });
    },
    streams,
    { address: '127.0.0.1', port: 0, requestTimeoutMs: 30_000 },
    logger,
  );
  return Number(new URL(server.address).port);
}
const listen = (port: number, method = 'GET'): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, method, agent: false }, resolve).on('error', reject).end();
  });
const ending = (response: IncomingMessage): Promise<true> =>
  new Promise((resolve) => {
    response
      .on('error', () => undefined)
      .once('close', () => resolve(true))
      .resume();
  });

it('ends when the credential no longer holds, wherever it was taken back', async () => {
  let holds = true;
  const response = await listen(await serving(() => Promise.resolve(holds)));
  const ended = ending(response);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(response.complete).toBe(false);
  holds = false;
  expect(await ended).toBe(true);
});

it('goes on while it cannot be asked whether the credential holds', async () => {
  const response = await listen(await serving(() => Promise.reject(new Error('the store is away'))));
  response.resume();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([response.complete, response.destroyed]).toEqual([false, false]);
});

it('takes no more than so many, and none after the end', async () => {
  const port = await serving(() => Promise.resolve(true));
  const taken = [await listen(port), await listen(port)];
  const refused = await listen(port);
  refused.resume();
  expect([...taken, refused].map(({ statusCode }) => statusCode)).toEqual([200, 200, 503]);
  const ended = taken.map(ending);
  streams.end();
  expect(await Promise.all(ended)).toEqual([true, true]);
  const late = await listen(port);
  late.resume();
  expect(late.statusCode).toBe(503);
});

/** Sends `heads` on a connection of its own. */
function raw(port: number, heads: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(heads);
  return socket;
}
const HEAD = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

describe('a service that goes on', () => {
  const broken: unknown[] = [];
  const note = (error: unknown): void => void broken.push(error);
  beforeEach(() => {
    broken.length = 0;
    process.on('uncaughtException', note);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    process.off('uncaughtException', note);
    vi.useRealTimers();
  });
  const untilLookedAfter = async (): Promise<void> => {
    vi.advanceTimersByTime(40_000);
    await sleep(100);
  };

  it('when the key of a reader that lags is revoked', async () => {
    const port = await serving(() => Promise.resolve(true), { streams: 2, unreadBytes: Infinity }, undefined);
    const reader = raw(port, HEAD);
    await once(reader, 'data');
    reader.pause();
    // More than the kernel takes of it.
    const modelName = modelId('m'.repeat(60));
    for (let i = 0; i < 80_000; i += 1) events.publish({ kind: 'baseline-admitted', modelId: modelName, version: i });
    streams.endOf('key:x');
    await untilLookedAfter();
    expect([broken, warnings]).toEqual([[], []]);
    reader.destroy();
  });

  it('when more is asked on the connection of a stream, which ends', async () => {
    const port = await serving(() => Promise.resolve(true));
    const together = raw(port, HEAD.repeat(400));
    const before = raw(port, HEAD);
    await once(before, 'data');
    before.write(HEAD);
    const ended = once(before.resume(), 'close');
    await untilLookedAfter();
    together.destroy();
    await ended;
    expect([broken, warnings]).toEqual([[], []]);
    await sleep(50);
    expect((await listen(port)).statusCode).toBe(200);
  });
});

it('forgets who hangs up at once, whenever that is noticed', async () => {
  const port = await serving(() => Promise.resolve(true));
  for (let i = 0; i < 50; i += 1) {
    const socket = raw(port, HEAD);
    await once(socket, 'connect');
    if (i % 2 === 0) await sleep(i % 5);
    socket.resetAndDestroy();
  }
  await sleep(100);
  expect((await listen(port)).statusCode).toBe(200);
});

it('ends the answer to HEAD', async () => {
  const response = await listen(await serving(() => Promise.resolve(true)), 'HEAD');
  expect(response.headers['content-type']).toBe('text/event-stream');
  expect(await ending(response)).toBe(true);
});
