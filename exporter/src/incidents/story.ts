import type { CauseId, Diagnosis } from '../domain/cause.js';
import type { Evaluation } from '../evaluation/evaluate.js';

/** The cause a diagnosis puts first; `none` where it has none. */
export const causeOf = ({ causes: [first] }: Diagnosis): CauseId => first?.id ?? 'none';

/** Two diagnoses tell the same story when cause, features and what was asked of the model agree. */
export function storyOf(diagnosis: Diagnosis): string {
  const asked = diagnosis.experiment === null ? '' : `asked at ${diagnosis.experiment.atMs}`;
  return [causeOf(diagnosis), asked, ...diagnosis.features].join('|');
}

/** Detectors that cannot see something now which they could see when the incident was diagnosed. */
export function newlyBlind(diagnosis: Diagnosis, unseen: Evaluation['unseen']): ReadonlySet<string> {
  const before = new Set(diagnosis.blindSpots.map(({ check }) => check));
  return new Set(unseen.filter(({ check }) => !before.has(check)).map(({ detector }) => detector));
}

/** Late labels with nothing found besides are a note: they neither open an incident nor keep one open. */
export const isOnlyWaiting = ({ diagnosis, findings }: Evaluation): boolean =>
  diagnosis.causes[0]?.id === 'label-delay' && findings.every(({ kind }) => kind === 'note');
