/** An open incident whose cause was settled before a restart: the rows that told it are gone, and a few of now tell less. */
import type { IncidentRow } from '../domain/incident.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { isPast, storyOf } from './story.js';
import type { IncidentTracking } from './tracking.js';

/** As many rows say as much as any number of them. */
const ROWS_ENOUGH = 1_000;

/**
 * Whether what is told stands against an evaluation that tells another story: until one was made of as many rows. That calls fail is
 * told at once, and what is over does not stand.
 */
export function standsTakenUp(
  tracking: Pick<IncidentTracking, 'isTakenUp'>,
  { diagnosis: told }: Pick<IncidentRow, 'diagnosis'>,
  evaluation: Evaluation,
): boolean {
  const { diagnosis: now, findings } = evaluation;
  if (now.window.samples >= Math.min(told.window.samples, ROWS_ENOUGH)) tracking.isTakenUp = false;
  if (!tracking.isTakenUp || storyOf(told) === storyOf(now)) return false;
  return !findings.some(({ kind }) => kind === 'service') && !isPast(told, evaluation);
}
