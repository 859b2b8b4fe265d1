import type { Model } from '../domain/model.js';
import { keyOf, sharedBy, sourcesOf } from '../stories/shared.js';
import type { Stories } from '../stories/stories.js';
import type { IncidentPorts } from './ports.js';
import type { IncidentTracking } from './tracking.js';

/** What an open incident may share with those of other models. */
export interface Placing {
  readonly stories: Stories;
  /** How many models are watched. */
  readonly models: number;
  /** Where the model's rows come from. */
  readonly sources: readonly string[];
}

/**
 * Counts the model's open incident to a story, and stores to which. What cannot be stored is placed in the same story again by the next
 * evaluation. The caller holds the incident's lane.
 */
export async function placeInStory(
  { incidents }: Pick<IncidentPorts, 'incidents'>,
  tracking: Pick<IncidentTracking, 'open' | 'untold' | 'isToldFirm'>,
  model: Model,
  { stories, models, sources }: Placing,
): Promise<void> {
  const { open } = tracking;
  if (open === null) return;
  const before = open.story;
  // After a restart it is not known where rows come from until some do.
  const known = sources.length > 0 ? sources : sourcesOf(before?.shared ?? []);
  const intervalMs = model.endpoint === null ? 0 : model.schedule.intervalMs;
  const story = stories.place(open, sharedBy(model, open, known), { models, intervalMs, isFirm: tracking.isToldFirm });
  const keys = (place: typeof before): string => JSON.stringify([place?.id, place?.beganMs, place?.shared.map(keyOf)]);
  if (keys(before) === keys(story)) return;
  const placed = { ...open, story };
  await incidents.save(placed);
  tracking.open = placed;
  // What is about to be told of it anyway is told with its story.
  const about = tracking.untold.findLastIndex((event) => 'incident' in event && event.incident.id === placed.id);
  const event = tracking.untold[about];
  const kind = event !== undefined && 'incident' in event ? event.kind : 'incident-updated';
  tracking.untold.splice(about < 0 ? tracking.untold.length : about, 1, { kind, incident: placed });
}
