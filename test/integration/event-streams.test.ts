import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
  await running.request('POST', '/api/v1/models', { id: 'watched' });
});
afterAll(() => running.close());

interface Listener {
  readonly text: () => string;
  readonly ended: () => boolean;
  stop(): void;
}

async function listen(key: string, lastId?: string): Promise<Listener> {
  const abort = new AbortController();
  const response = await fetch(`${running.service.address}/api/v1/events`, {
    headers: { authorization: `Bearer ${key}`, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    signal: abort.signal,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  let ended = false;
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += decoder.decode(part.value, { stream: true });
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { text: () => text, ended: () => ended, stop: () => abort.abort() };
}

/** Every pausing and starting of a model is an event of its own. */
const happen = (verb: 'pause' | 'start'): Promise<unknown> =>
  running.request('POST', `/api/v1/models/watched/${verb}`, {});
const idsIn = (text: string): string[] => [...text.matchAll(/^id:\s?(.+)$/gm)].map(([, id]) => id ?? '');
const dataIn = (text: string): unknown[] =>
  [...text.matchAll(/^data:\s?(.+)$/gm)].map(([, data]) => JSON.parse(data ?? '') as unknown);
const holds = (listener: Listener, events: number): Promise<string> =>
  eventually(`${events} events`, 5_000, () => (idsIn(listener.text()).length >= events ? listener.text() : null));

it('tells events in snake_case, each with the id of the one before plus one', async () => {
  const listener = await listen(running.key);
  await happen('pause');
  await happen('start');
  const text = await holds(listener, 2);
  expect(dataIn(text)[0]).toEqual({ kind: 'model-updated', model_id: 'watched', state: 'paused' });
  const numbers = idsIn(text).map((id) => Number(id.split('-')[1]));
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  listener.stop();
});

it('brings a listener that comes back what it missed, once', async () => {
  const first = await listen(running.key);
  await happen('pause');
  const [last] = idsIn(await holds(first, 1));
  first.stop();
  await happen('start');
  const again = await listen(running.key, last);
  const [event] = dataIn(await holds(again, 1));
  expect(event).toMatchObject({ kind: 'model-updated', model_id: 'watched' });
  expect(event).not.toMatchObject({ state: 'paused' });
  again.stop();
});

it.each(['another-1', 'nonsense', '-', `${'9'.repeat(40)}-7`])(
  'says that something was missed where %s is no id of this process',
  async (lastId) => {
    const listener = await listen(running.key, lastId);
    expect(dataIn(await holds(listener, 1))[0]).toEqual({ kind: 'missed' });
    listener.stop();
  },
);

it('ends the streams of a key that is revoked, and no other', async () => {
  const { body } = await running.request('POST', '/api/v1/keys', { name: 'listener', scopes: ['read'] });
  const { id, key } = body as { id: string; key: string };
  const [listener, other] = [await listen(key), await listen(running.key)];
  expect(listener.ended()).toBe(false);
  await running.request('DELETE', `/api/v1/keys/${id}`);
  await eventually('the end of the stream', 2_000, () => (listener.ended() ? true : null));
  expect(other.ended()).toBe(false);
  other.stop();
});
