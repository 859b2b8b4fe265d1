import type { ChangeEvent } from '../domain/symptoms.js';
import type { TimelineEntry } from '../domain/incident.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { IncidentPorts } from './ports.js';
import type { IncidentTracking } from './tracking.js';

/** A change so long before an incident opened is no part of it. */
const TOLD_BEFORE_MS = 86_400_000;

export const changeEntry = ({ atMs, text }: ChangeEvent): TimelineEntry => ({ atMs, kind: 'change', text });

const lineOf = ({ atMs, text }: Pick<TimelineEntry, 'atMs' | 'text'>): string => `${atMs} ${text}`;

/**
 * Adds to the open incident's timeline what somebody has told of since it opened: a release, a rollback. The caller holds the
 * incident's lane.
 * @throws what the store throws: then the next evaluation adds it
 */
export async function tellChanges(
  { incidents, events }: Pick<IncidentPorts, 'incidents' | 'events'>,
  tracking: Pick<IncidentTracking, 'open' | 'changesTold'>,
  { diagnosis: { changes } }: Pick<Evaluation, 'diagnosis'>,
): Promise<void> {
  const { open } = tracking;
  if (open === null) return;
  const known = changes.filter(({ atMs }) => atMs >= open.openedAtMs - TOLD_BEFORE_MS);
  if (known.length === 0) return;
  if (tracking.changesTold === null) {
    const stored = (await incidents.list({ model: open.modelId, open: true, limit: 1 })).find(
      ({ id }) => id === open.id,
    );
    tracking.changesTold = new Set(stored?.timeline.filter(({ kind }) => kind === 'change').map(lineOf));
  }
  const told = tracking.changesTold;
  const news = known.map(changeEntry).filter((line) => !told.has(lineOf(line)));
  if (news.length === 0) return;
  await incidents.appendTimeline(open.id, news);
  for (const line of news) told.add(lineOf(line));
  events.publish({ kind: 'incident-updated', incident: open });
}
