import React, { useState, type ReactNode } from 'react';
import { QueryClient, QueryClientProvider, type Query } from '@tanstack/react-query';
import type { Failure } from './failure';

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Failure;
  }
}

/** How often what changes all the time is asked for while it is looked at, milliseconds. */
export const OFTEN_MS = 3_000;
/** How often what changes rarely is asked for, milliseconds. */
export const RARELY_MS = 15_000;

type Interval = (query: Pick<Query, 'state'>) => number;

/** Asks again after `everyMs`; after a failure not more often than every five seconds. */
export const every =
  (everyMs: number): Interval =>
  ({ state }) =>
    state.status === 'error' ? Math.max(everyMs, 5_000) : everyMs;

/**
 * What is shared by all pages: an answer younger than a second is not asked for twice, a page nobody looks at asks nothing, and
 * a failure is shown instead of being retried in silence.
 */
const newQueryClient = () =>
  new QueryClient({
    defaultOptions: {
      queries: { retry: false, staleTime: 1_000, refetchInterval: every(RARELY_MS), networkMode: 'always' },
      mutations: { networkMode: 'always' },
    },
  });

/** Lets everything below it ask the exporter. */
export function Queries({ children }: { children: ReactNode }) {
  const [client] = useState(newQueryClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
