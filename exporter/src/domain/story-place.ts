import type { CauseId } from './cause.js';
import type { IncidentId } from './identifiers.js';

/** What lies upstream of several models: the address they are served at, a feature they are fed, or where their rows come from. */
export const SHARED_KINDS = ['address', 'feature', 'source'] as const;

export interface Shared {
  readonly kind: (typeof SHARED_KINDS)[number];
  readonly name: string;
  /** Of a feature and a source: what it has. Many faults at one host are one; several of a feature or a topic are not. */
  readonly cause?: CauseId;
}

/** One upstream fault as told of all models that have it; its id is that of the incident it began with. */
export type StoryId = IncidentId;

/** Which story an incident is told in, and what it has in common with the others of it. */
export interface StoryPlace {
  readonly id: StoryId;
  readonly shared: readonly Shared[];
  /** When its first incident began; only where others are in it, or were. */
  readonly beganMs?: number;
}
