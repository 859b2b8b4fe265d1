import { familyOf, type CauseId } from '../domain/cause.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Model } from '../domain/model.js';
import type { Shared } from '../domain/story-place.js';

/** What a machine, a network or a certificate does to whatever is served there. Other faults of calls are one model's, also at a shared host. */
const OF_HOST: ReadonlySet<CauseId> = new Set([
  'model-unreachable',
  'endpoint-errors',
  'overloaded-endpoint',
  'slow-endpoint',
  'certificate-invalid',
  'certificate-expiring',
]);

/** Where calls of the model go: host and port, as two services at one machine fail for reasons of their own. */
function addressOf({ endpoint }: Pick<Model, 'endpoint'>): readonly Shared[] {
  if (endpoint === null || !URL.canParse(endpoint.url)) return [];
  return [{ kind: 'address', name: new URL(endpoint.url).host }];
}

/**
 * What of an incident's fault may be upstream of its model, by the cause held most likely: the address where it may be the host's,
 * the blamed features and where rows come from, with that cause, where it is the pipeline's, nothing where it is the model's own.
 */
export function sharedBy(
  model: Pick<Model, 'endpoint'>,
  { diagnosis: { causes, features } }: Pick<IncidentRow, 'diagnosis'>,
  sources: readonly string[],
): readonly Shared[] {
  const [first] = causes;
  if (first === undefined) return [];
  const { id: cause } = first;
  if (OF_HOST.has(cause)) return addressOf(model);
  if (familyOf(cause) !== 'pipeline') return [];
  const blamed = features.map((name): Shared => ({ kind: 'feature', name, cause }));
  return [...blamed, ...sources.map((name): Shared => ({ kind: 'source', name, cause }))];
}

export const keyOf = ({ kind, name, cause }: Shared): string => `${kind} ${cause ?? ''} ${name}`;

/** Where rows come from, of what may be upstream. */
export const sourcesOf = (shared: readonly Shared[]): readonly string[] =>
  shared.filter(({ kind }) => kind === 'source').map(({ name }) => name);

/** What both have, in the order of the first. */
export function inCommon(some: readonly Shared[], others: readonly Shared[]): readonly Shared[] {
  const keys = new Set(others.map(keyOf));
  return some.filter((shared) => keys.has(keyOf(shared)));
}
