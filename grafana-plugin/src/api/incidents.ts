import { queryOptions } from '@tanstack/react-query';
import { bodyOf, exporter } from './client';
import { every, OFTEN_MS } from './query';

const at = (id: string) => ({ params: { path: { id } } });

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', id],
    queryFn: ({ signal }) => bodyOf(exporter.GET('/api/v1/incidents/{id}', { ...at(id), signal })),
    refetchInterval: every(OFTEN_MS),
  });

/** The newest incident of a model; null when it never had one. */
export const newestIncidentQuery = (model: string) =>
  queryOptions({
    queryKey: ['incidents', 'newest', model],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/incidents', { params: { query: { model, limit: 1 } }, signal })))
        .incidents[0] ?? null,
  });

/** Incidents like this one, and what was done about them. */
export const similarQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', id, 'similar'],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/incidents/{id}/similar', { ...at(id), signal }))).similar,
  });

/** Whether people found its alert useful. */
export const feedbackQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', id, 'feedback'],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/incidents/{id}/feedback', { ...at(id), signal }))).feedback,
  });

export const giveFeedback = (incident: string, useful: boolean, reason: string) =>
  bodyOf(exporter.POST('/api/v1/feedback', { body: { incident_id: incident, useful, reason } }));
