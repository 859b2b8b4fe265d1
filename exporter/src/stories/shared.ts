import { familyOf } from '../domain/cause.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Model } from '../domain/model.js';
import type { Shared } from '../domain/story-place.js';

/** Where calls of the model go: host and port, as two services at one machine fail for reasons of their own. */
function addressOf({ endpoint }: Pick<Model, 'endpoint'>): readonly Shared[] {
  if (endpoint === null || !URL.canParse(endpoint.url)) return [];
  return [{ kind: 'address', name: new URL(endpoint.url).host }];
}

/**
 * What of an incident's fault may be upstream of its model, by the cause held most likely: the address where it is the service's,
 * the blamed features and where rows come from where it is the pipeline's, nothing where it is the model's own.
 */
export function sharedBy(
  model: Pick<Model, 'endpoint'>,
  { diagnosis: { causes, features } }: Pick<IncidentRow, 'diagnosis'>,
  sources: readonly string[],
): readonly Shared[] {
  const [first] = causes;
  if (first === undefined) return [];
  const family = familyOf(first.id);
  if (family === 'service') return addressOf(model);
  if (family !== 'pipeline') return [];
  const blamed = features.map((name): Shared => ({ kind: 'feature', name }));
  return [...blamed, ...sources.map((name): Shared => ({ kind: 'source', name }))];
}

export const keyOf = ({ kind, name }: Shared): string => `${kind} ${name}`;

/** What both have, in the order of the first. */
export function inCommon(some: readonly Shared[], others: readonly Shared[]): readonly Shared[] {
  const keys = new Set(others.map(keyOf));
  return some.filter((shared) => keys.has(keyOf(shared)));
}
