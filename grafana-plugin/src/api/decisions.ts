import { queryOptions } from '@tanstack/react-query';
import { bodyOf, exporter } from './client';
import { every, OFTEN_MS, RARELY_MS } from './query';
import type { ProposedAction } from './types';

/** What narrows a list of recommendations. */
export interface RecommendationFilter {
  incident?: string;
  model?: string;
  pending?: true;
  limit?: number;
}

export const recommendationsQuery = (filter: RecommendationFilter) =>
  queryOptions({
    queryKey: ['recommendations', filter],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/recommendations', { params: { query: filter }, signal }))).recommendations,
    refetchInterval: every(OFTEN_MS),
  });

export const recommendationQuery = (id: string) =>
  queryOptions({
    queryKey: ['recommendations', id],
    queryFn: ({ signal }) => bodyOf(exporter.GET('/api/v1/recommendations/{id}', { params: { path: { id } }, signal })),
  });

export const reviewsQuery = () =>
  queryOptions({
    queryKey: ['reviews'],
    queryFn: async ({ signal }) => (await bodyOf(exporter.GET('/api/v1/reviews', { signal }))).reviews,
    refetchInterval: every(2 * OFTEN_MS),
  });

/** Whether every execution is stopped. */
export const killSwitchQuery = () =>
  queryOptions({
    queryKey: ['kill-switch'],
    queryFn: ({ signal }) => bodyOf(exporter.GET('/api/v1/kill-switch', { signal })),
    refetchInterval: every(RARELY_MS),
  });

export interface Vote {
  recommendation_id: string;
  digest: string;
  verdict: 'approve' | 'reject';
  reason: string;
  break_glass?: { ticket: string };
}

export const vote = (body: Vote) => bodyOf(exporter.POST('/api/v1/votes', { body }));
export const revoke = (id: string, reason: string) =>
  bodyOf(exporter.POST('/api/v1/revocations', { body: { recommendation_id: id, reason } }));
export const withdraw = (id: string, reason: string) =>
  bodyOf(exporter.POST('/api/v1/withdrawals', { body: { recommendation_id: id, reason } }));
export const reportOutcome = (id: string, outcome: 'succeeded' | 'failed', reason: string) =>
  bodyOf(exporter.POST('/api/v1/outcomes', { body: { recommendation_id: id, outcome, reason } }));
export const propose = (incident: string, action: ProposedAction, why: string) =>
  bodyOf(exporter.POST('/api/v1/recommendations', { body: { incident_id: incident, action, why } }));
export const review = (id: string, finding: string) =>
  exporter.POST('/api/v1/reviews', { body: { recommendation_id: id, reason: finding } });
export const setKillSwitch = (on: boolean, reason: string) =>
  bodyOf(exporter.PUT('/api/v1/kill-switch', { body: { on, reason } }));
