import React, { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { config } from '@grafana/runtime';
import { EXPORTER_PROXY } from '../constants';

const KINDS = [
  'model-updated',
  'incident-opened',
  'incident-updated',
  'incident-closed',
  'recommendation-updated',
  'baseline-admitted',
];
const TRY_AGAIN_MS = 15_000;
/** What happens at once is asked about once. */
const GATHER_MS = 150;

type Subscribe = (listener: () => void) => () => void;
const Events = createContext<Subscribe>(() => () => undefined);

/**
 * The exporter's event stream through Grafana's proxy. Only the window that is looked at holds it: a browser opens six
 * connections to a server that speaks HTTP/1.1, whatever the number of tabs, and a stream takes one for good.
 * @returns what closes it
 */
function listen(tell: () => void): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let gather: ReturnType<typeof setTimeout> | undefined;
  const happened = () => {
    gather ??= setTimeout(() => {
      gather = undefined;
      tell();
    }, GATHER_MS);
  };
  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = null;
  };
  const open = () => {
    close();
    if (document.visibilityState === 'hidden') {
      return;
    }
    source = new EventSource(`${config.appSubUrl ?? ''}${EXPORTER_PROXY}/api/v1/events`);
    KINDS.forEach((kind) => source?.addEventListener(kind, happened));
    // The browser itself comes back after a break, but not after an answer such as 502.
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) {
        retry = setTimeout(open, TRY_AGAIN_MS);
      }
    };
  };
  document.addEventListener('visibilitychange', open);
  open();
  return () => {
    document.removeEventListener('visibilitychange', open);
    clearTimeout(gather);
    close();
  };
}

/** Lets everything below it hear at once that something happened. Without it, or without a stream, pages ask every two seconds. */
export function EventsProvider({ children }: { children: ReactNode }) {
  const [listeners] = useState(() => new Set<() => void>());
  useEffect(
    () => (typeof EventSource === 'undefined' ? undefined : listen(() => listeners.forEach((listener) => listener()))),
    [listeners]
  );
  const subscribe = useCallback<Subscribe>(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    [listeners]
  );
  return <Events.Provider value={subscribe}>{children}</Events.Provider>;
}

/** Registers for news of any kind; returns what ends it. */
export const useEvents = (): Subscribe => useContext(Events);
