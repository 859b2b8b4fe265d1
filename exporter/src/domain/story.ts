import type { ModelId } from './identifiers.js';
import type { IncidentRow } from './incident.js';
import type { StoryPlace } from './story-place.js';

export interface StoryMember {
  readonly modelId: ModelId;
  readonly incident: IncidentRow;
  /** When its trouble began, as far as that was known when it was counted to the story. */
  readonly startMs: number;
}

/** Open incidents that are one fault, the one that was opened first before the others. */
export interface Story extends StoryPlace {
  readonly members: readonly StoryMember[];
}
