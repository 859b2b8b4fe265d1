import type { IncidentRow } from '../domain/incident.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { isOut, isUnanswered } from './story.js';
import type { IncidentTracking } from './tracking.js';

/** So long must calls be answered after an outage before its incident closes: twice as long as it lasted, and a minute at most. */
const TIMES_AS_LONG = 2;
const LONGEST_PROOF_MS = 60_000;

/** An outage has ended so lately that it may come back, as one that comes in bursts does: its incident stays open. */
export function isJustOver(
  incident: IncidentRow | null,
  { answeredSinceMs, diagnosis }: Pick<Evaluation, 'answeredSinceMs' | 'diagnosis'>,
): boolean {
  if (incident === null || answeredSinceMs === null || !isUnanswered(incident.diagnosis)) return false;
  // It is open only once evaluations have agreed on it; a short outage may be over by then.
  const beganAtMs = Math.min(incident.openedAtMs, incident.diagnosis.sinceMs ?? Infinity);
  const lastedMs = Math.max(0, answeredSinceMs - beganAtMs);
  return diagnosis.atMs - answeredSinceMs < Math.min(TIMES_AS_LONG * lastedMs, LONGEST_PROOF_MS);
}

/** Until when an outage was told that is closed now; what was before, where the incident told of something else. */
export const outageOver = (
  { outageOverMs }: Pick<IncidentTracking, 'outageOverMs'>,
  { diagnosis }: IncidentRow,
  nowMs: number,
): Pick<IncidentTracking, 'outageOverMs'> => ({ outageOverMs: isUnanswered(diagnosis) ? nowMs : outageOverMs });

/** What is found is the failures of an outage that was told and is closed: every call since then was answered. */
function isLeftOver({ answeredSinceMs, findings }: Evaluation, outageOverMs: number | null): boolean {
  if (outageOverMs === null || answeredSinceMs === null || answeredSinceMs > outageOverMs) return false;
  return !isOut({ findings }) && findings.every(({ subject, kind }) => subject === 'errors' || kind === 'note');
}

/** Whether what is found may open an incident: it pages or others say so too, and it is not what is left of one. */
export const mayOpen = (
  { alerts, outageOverMs }: Pick<IncidentTracking, 'alerts' | 'outageOverMs'>,
  evaluation: Evaluation,
): boolean => (evaluation.pages || alerts.length > 0) && !isLeftOver(evaluation, outageOverMs);
