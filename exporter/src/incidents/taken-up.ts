/** An open incident whose cause was settled before a restart: the rows that told it are gone, and a few of now tell less. */
import type { Diagnosis } from '../domain/cause.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { isPast, storyOf } from './story.js';
import type { IncidentTracking } from './tracking.js';

/** As many rows say as much as any number of them. */
const ROWS_ENOUGH = 1_000;

type Told = Pick<IncidentRow, 'diagnosis'>;

const sawEnough = ({ diagnosis: told }: Told, { diagnosis: now }: Evaluation): boolean =>
  now.window.samples >= Math.min(told.window.samples, ROWS_ENOUGH);

/**
 * Whether what is told stands against an evaluation of fewer rows that tells another story. That calls fail is told at once, and what is
 * over does not stand.
 */
function standsAgainst(incident: Told, evaluation: Evaluation): boolean {
  const { diagnosis, findings } = evaluation;
  if (sawEnough(incident, evaluation) || storyOf(incident.diagnosis) === storyOf(diagnosis)) return false;
  return !findings.some(({ kind }) => kind === 'service') && !isPast(incident.diagnosis, evaluation);
}

/** The same of what was settled before a restart, until an evaluation was made of as many rows. */
export function standsTakenUp(
  tracking: Pick<IncidentTracking, 'isTakenUp'>,
  incident: Told,
  evaluation: Evaluation,
): boolean {
  if (sawEnough(incident, evaluation)) tracking.isTakenUp = false;
  return tracking.isTakenUp && standsAgainst(incident, evaluation);
}

/** What is shown of an evaluation: no other causes than those that stand against it. */
export function shownDiagnosis(incident: Told | null, evaluation: Evaluation): Diagnosis {
  const { diagnosis } = evaluation;
  if (incident === null || !standsAgainst(incident, evaluation)) return diagnosis;
  return { ...incident.diagnosis, blindSpots: diagnosis.blindSpots };
}
