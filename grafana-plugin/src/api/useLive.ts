import { useCallback, useEffect, useRef, useState } from 'react';
import { failureOf, type Failure } from './client';
import { useEvents } from './Events';

export interface Live<T> {
  /** The newest answer; kept when a later request fails. */
  data: T | null;
  /** Why the newest request failed; null when it did not. */
  failure: Failure | null;
  /** When `data` came. */
  atMs: number | null;
  refresh: () => void;
}

export const REFRESH_MS = 2_000;

/** Asks again and again while the page can be seen, and at once when the exporter says that something happened; after a failure more and more rarely, up to every 15 seconds. */
export function useLive<T>(key: string, ask: () => Promise<T>, everyMs = REFRESH_MS): Live<T> {
  const [state, setState] = useState<Omit<Live<T>, 'refresh'> & { key: string }>({
    key,
    data: null,
    failure: null,
    atMs: null,
  });
  const [round, setRound] = useState(0);
  const latest = useRef(ask);
  const subscribe = useEvents();
  useEffect(() => {
    latest.current = ask;
  });

  useEffect(() => {
    let isLive = true;
    let timer: ReturnType<typeof setTimeout>;
    let failures = 0;
    let isAsking = false;
    const turn = async () => {
      isAsking = true;
      if (document.visibilityState !== 'hidden') {
        try {
          const data = await latest.current();
          failures = 0;
          if (isLive) {
            setState({ key, data, failure: null, atMs: Date.now() });
          }
        } catch (error) {
          failures += 1;
          if (isLive) {
            setState((last) => ({
              ...(last.key === key ? last : { data: null, atMs: null }),
              key,
              failure: failureOf(error),
            }));
          }
        }
      }
      isAsking = false;
      if (isLive) {
        timer = setTimeout(turn, Math.min(15_000, everyMs * 2 ** Math.min(failures, 4)));
      }
    };
    void turn();
    const unsubscribe = subscribe(() => {
      if (!isAsking) {
        clearTimeout(timer);
        void turn();
      }
    });
    return () => {
      isLive = false;
      unsubscribe();
      clearTimeout(timer);
    };
  }, [key, round, everyMs, subscribe]);

  const refresh = useCallback(() => setRound((value) => value + 1), []);
  return state.key === key
    ? { data: state.data, failure: state.failure, atMs: state.atMs, refresh }
    : { data: null, failure: null, atMs: null, refresh };
}
