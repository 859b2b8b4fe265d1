import type { Diagnosis, Explanation } from './cause.js';
import type { Impact } from './impact.js';
import type { IncidentId, ModelId } from './identifiers.js';
import type { Severity } from './severity.js';
import type { StoryPlace } from './story-place.js';

/** What a line of a timeline tells of. */
export const TIMELINE_KINDS = [
  'change',
  'first-evidence',
  'alert',
  'opened',
  'diagnosis-changed',
  'decision',
  'execution',
  'verification',
  'recovered',
  'closed',
] as const;

export interface TimelineEntry {
  readonly atMs: number;
  readonly kind: (typeof TIMELINE_KINDS)[number];
  readonly text: string;
}

/** Sparse signed description of an incident for finding similar ones: feature → weight in [−1, 1]. */
export type Fingerprint = Readonly<Record<string, number>>;

/** An incident without its timeline, whose lines are kept beside it. */
export type IncidentRow = Omit<Incident, 'timeline'>;

export interface Incident {
  readonly id: IncidentId;
  readonly modelId: ModelId;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly severity: Severity;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  /** In the order the lines were added; only ever grows. */
  readonly timeline: readonly TimelineEntry[];
  readonly fingerprint: Fingerprint;
  /** The worst that it cost users so far, and when; null while no harm could be told from chance. Incidents stored before it was kept have none. */
  readonly worst?: WorstImpact | null;
  /** The story it is told in, of its own where it stands alone. Incidents stored before there were stories have none. */
  readonly story?: StoryPlace;
}

export interface WorstImpact {
  readonly impact: Impact;
  readonly atMs: number;
}
