import type { DecisionRecord } from '../domain/decision-record.js';
import { lessonId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Lesson } from '../domain/lesson.js';

type Outcome = Lesson['actions'][number]['outcome'];

/**
 * What is kept of a closed incident: its cause, its fingerprint, and what became of each proposed action. One lesson an incident: it
 * has the incident's id. Its cause is the one that an action helped against, whatever was looked into after that.
 */
export function remember(incident: IncidentRow, records: readonly DecisionRecord[]): Lesson {
  const lastCause = incident.diagnosis.causes[0]?.id ?? 'none';
  const helped = records.find(({ verification }) => verification?.outcome === 'recovered')?.recommendation;
  const { headline } = incident.explanation;
  return {
    id: lessonId(incident.id),
    incidentId: incident.id,
    modelId: incident.modelId,
    cause: helped?.cause ?? lastCause,
    severity: incident.severity,
    // It is what was seen last, which may be of another cause by then.
    headline:
      helped === undefined || helped.cause === lastCause
        ? headline
        : `“${helped.title}” helped. Afterwards: ${headline}`,
    fingerprint: incident.fingerprint,
    openedAtMs: incident.openedAtMs,
    closedAtMs: incident.closedAtMs ?? incident.openedAtMs,
    actions: records
      .filter(({ recommendation }) => recommendation.action !== 'none')
      .map((record) => ({ action: record.recommendation.action, outcome: outcomeOf(record) })),
  };
}

/** What one person did alone in an emergency teaches nothing: it was not what would have been decided. */
function outcomeOf({ recommendation, verification, votes }: DecisionRecord): Outcome {
  if (votes.some(({ breakGlass }) => breakGlass !== undefined)) return 'inconclusive';
  if (verification !== null) return verification.outcome;
  if (recommendation.state === 'rejected') return 'rejected';
  return ['succeeded', 'failed', 'unknown', 'dispatching'].includes(recommendation.state) ? 'inconclusive' : 'untried';
}
