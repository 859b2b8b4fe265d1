import { Conflict } from '../domain/errors.js';
import type { IncidentRow, TimelineEntry } from '../domain/incident.js';
import { mostUrgentFirst, type DecisionRecord } from '../domain/decision-record.js';
import type { Lesson } from '../domain/lesson.js';
import type { Store } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';

/** Recommendations of one incident that are remembered. */
const MOST_RECORDS = 100;

/** What is stored when an incident closes. */
export interface Closing {
  readonly incident: IncidentRow;
  readonly entries: readonly TimelineEntry[];
  /** Made of what became of each action until it is closed; without those whose rows are damaged. */
  readonly lessonOf: (records: readonly DecisionRecord[]) => Lesson;
  /** Also while an action of it is under way, whose effect nobody then looks at. */
  readonly isForced: boolean;
}

/**
 * Closes an incident unless an action of it is under way. That is asked in the transaction that closes it: votes and claims are
 * transactions of their own, before this one or after it.
 * @param sentSinceMs what was sent before is no longer under way, for nobody settles any more what came of it; without it, all is
 * @returns whether it is closed; otherwise nothing has changed
 */
export function closeIncident(
  store: Pick<Store, 'governance'>,
  { incident, entries, lessonOf, isForced }: Closing,
  sentSinceMs?: number,
): Promise<boolean> {
  return store.governance(async ({ decisions, lessons, incidents }) => {
    if (!isForced && (await decisions.isActionUnderWay(incident.id, sentSinceMs))) return false;
    const records = await decisions.list({ incident: incident.id, limit: MOST_RECORDS });
    await lessons.save(lessonOf(mostUrgentFirst(records)));
    await incidents.save(incident, entries);
    return true;
  });
}

/** Whether the close of its incident has left it on the table. A follow-up made later stands: the outcome of its action came late. */
export const isLeftByClose = (
  { createdAtMs }: Pick<Recommendation, 'createdAtMs'>,
  closedAtMs: number | undefined,
): boolean => closedAtMs !== undefined && createdAtMs <= closedAtMs;

/** What is answered to whoever wants something decided of an incident that is over. */
export const incidentClosed = (): Conflict => new Conflict('this incident is closed', 'incident_id');
