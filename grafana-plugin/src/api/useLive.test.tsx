import React, { type ReactNode } from 'react';
import { act, renderHook, waitFor } from '@testing-library/react';
import { EventsProvider } from './Events';
import { useLive } from './useLive';

class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  readyState = 1;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    Stream.opened.push(this);
  }
  close() {
    this.readyState = 2;
  }
}
const ANSWER_MS = 60_000;
let visibility: DocumentVisibilityState = 'visible';

beforeEach(() => {
  Stream.opened = [];
  visibility = 'visible';
  Object.defineProperty(globalThis, 'EventSource', { value: Stream, configurable: true });
  Object.defineProperty(document, 'visibilityState', { get: () => visibility, configurable: true });
});
afterEach(() => {
  jest.useRealTimers();
  Reflect.deleteProperty(globalThis, 'EventSource');
});

const within = ({ children }: { children: ReactNode }) => <EventsProvider>{children}</EventsProvider>;
const open = () => Stream.opened.filter(({ readyState }) => readyState !== Stream.CLOSED);

it('asks again at once when something happened, once for a burst', async () => {
  let asked = 0;
  const { result } = renderHook(() => useLive('k', () => Promise.resolve((asked += 1)), ANSWER_MS), {
    wrapper: within,
  });
  await waitFor(() => expect(result.current.data).toBe(1));
  expect(open().map(({ url }) => url)).toEqual([
    expect.stringContaining('/api/plugin-proxy/mlfi-investigator-app/api/v1/events'),
  ]);
  act(() => {
    for (let i = 0; i < 5; i += 1) {
      open()[0].dispatchEvent(new Event('recommendation-updated'));
    }
  });
  await waitFor(() => expect(result.current.data).toBe(2));
  expect(asked).toBe(2);
});

it('gives the stream back while nobody looks, and takes it again', async () => {
  renderHook(() => useLive('k', () => Promise.resolve(1), ANSWER_MS), { wrapper: within });
  await waitFor(() => expect(open()).toHaveLength(1));
  for (const [state, streams] of [
    ['hidden', 0],
    ['visible', 1],
  ] as const) {
    visibility = state;
    act(() => void document.dispatchEvent(new Event('visibilitychange')));
    expect(open()).toHaveLength(streams);
  }
});

it('comes back to a stream that was refused, and goes on asking meanwhile', async () => {
  jest.useFakeTimers();
  let asked = 0;
  renderHook(() => useLive('k', () => Promise.resolve((asked += 1))), { wrapper: within });
  act(() => {
    open()[0].close();
    Stream.opened[0].onerror?.();
  });
  await act(() => jest.advanceTimersByTimeAsync(10_000));
  expect(asked).toBeGreaterThanOrEqual(4);
  await act(() => jest.advanceTimersByTimeAsync(5_000));
  expect(open()).toHaveLength(1);
});

it('closes the stream with the page', async () => {
  const { unmount } = renderHook(() => useLive('k', () => Promise.resolve(1), ANSWER_MS), { wrapper: within });
  await waitFor(() => expect(open()).toHaveLength(1));
  unmount();
  expect(open()).toHaveLength(0);
});
