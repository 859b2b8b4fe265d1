import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { EventStreams } from '../../../exporter/src/http/event-streams.js';
import { OpenStreams } from '../../../exporter/src/http/open-streams.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';

const events = createEventBus({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});
let server: Server;
let streams: EventStreams;
afterEach(() => {
  streams.end();
  server.closeAllConnections();
  server.close();
});

/** A stream for whoever asks, as long as `may` says. */
async function serving(may: () => Promise<boolean>, limits = { streams: 2, unreadBytes: 65_536 }): Promise<number> {
  streams = new EventStreams(events, systemClock, new OpenStreams(limits), 20);
  server = createServer((request, response) => {
    streams.answer(request, response, 'key:x', may).catch((error: unknown) => {
      response.statusCode = 503;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const listen = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, agent: false }, resolve).on('error', reject).end();
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
