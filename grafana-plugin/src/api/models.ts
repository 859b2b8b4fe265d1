import { queryOptions } from '@tanstack/react-query';
import { bodyOf, exporter } from './client';
import { remember } from './live-figures';
import { every, OFTEN_MS } from './query';
import type { paths } from './schema';

type Body<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody?: { content: { 'application/json': infer Content } } };
}
  ? Content
  : never;
export type Registration = Body<'/api/v1/models'>;
export type Candidate = Body<'/api/v1/models/{id}/validations'>;

const at = (id: string) => ({ params: { path: { id } } });

/** Every watched model. */
export const fleetQuery = () =>
  queryOptions({
    queryKey: ['models'],
    queryFn: async ({ signal }) => {
      const { models } = await bodyOf(exporter.GET('/api/v1/models', { signal }));
      remember(models);
      return models;
    },
    refetchInterval: every(OFTEN_MS),
  });

/** One model with its findings. */
export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', id],
    queryFn: async ({ signal }) => {
      const model = await bodyOf(exporter.GET('/api/v1/models/{id}', { ...at(id), signal }));
      remember([model]);
      return model;
    },
    refetchInterval: every(OFTEN_MS),
  });

/** Counts of every signal of a model, in its baseline and now. */
export const distributionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', id, 'distributions'],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/models/{id}/distributions', { ...at(id), signal }))).signals,
    refetchInterval: every(2 * OFTEN_MS),
  });

/** A time range as whole milliseconds. */
export interface Range {
  fromMs: number;
  toMs: number;
}
const rangeParameters = ({ fromMs, toMs }: Range) => ({ from_ms: Math.floor(fromMs), to_ms: Math.ceil(toMs) });

/** Stored windows of a model as CSV. `key` names the range as it was chosen, so that "the last hour" stays one entry. */
export const aggregatesQuery = (id: string, range: Range, key: string) =>
  queryOptions({
    queryKey: ['models', id, 'aggregates', key],
    queryFn: ({ signal }) =>
      bodyOf(
        exporter.GET('/api/v1/models/{id}/aggregates.csv', {
          params: { path: { id }, query: rangeParameters(range) },
          parseAs: 'text',
          signal,
        })
      ),
    refetchInterval: every(2 * OFTEN_MS),
  });

/** Candidate versions that were tried. */
export const validationsQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', id, 'validations'],
    queryFn: async ({ signal }) =>
      (await bodyOf(exporter.GET('/api/v1/models/{id}/validations', { ...at(id), signal }))).validations,
    refetchInterval: every(2 * OFTEN_MS),
  });

export const discover = (body: Body<'/api/v1/discover'>) => bodyOf(exporter.POST('/api/v1/discover', { body }));
export const register = (body: Registration) => bodyOf(exporter.POST('/api/v1/models', { body }));
export const remove = (id: string) => exporter.DELETE('/api/v1/models/{id}', at(id));
export const setPaused = (id: string, isPaused: boolean) =>
  exporter.POST(isPaused ? '/api/v1/models/{id}/pause' : '/api/v1/models/{id}/start', at(id));
export const resetBaseline = (id: string, reason: string) =>
  exporter.POST('/api/v1/models/{id}/baseline/reset', { ...at(id), body: { reason } });
export const acceptBaseline = (id: string, reason: string) =>
  exporter.POST('/api/v1/models/{id}/baseline/accept', { ...at(id), body: { reason } });
export const freezeBaseline = (id: string, frozen: boolean) =>
  exporter.POST('/api/v1/models/{id}/baseline/freeze', { ...at(id), body: { frozen } });
export const validate = (id: string, body: Candidate) =>
  bodyOf(exporter.POST('/api/v1/models/{id}/validations', { ...at(id), body }));
