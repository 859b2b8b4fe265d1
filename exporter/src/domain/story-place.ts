import type { IncidentId } from './identifiers.js';

/** What lies upstream of several models: the address they are served at, a feature they are fed, or where their rows come from. */
export const SHARED_KINDS = ['address', 'feature', 'source'] as const;

export interface Shared {
  readonly kind: (typeof SHARED_KINDS)[number];
  readonly name: string;
}

/** One upstream fault as told of all models that have it; its id is that of the incident it began with. */
export type StoryId = IncidentId;

/** Which story an incident is told in, and what it has in common with the others of it. */
export interface StoryPlace {
  readonly id: StoryId;
  readonly shared: readonly Shared[];
}
