import { attributedFindings, failsEachCall, hasTrait, type CauseId, type Diagnosis } from '../domain/cause.js';
import type { IncidentRow } from '../domain/incident.js';
import { minuteText } from '../domain/time-text.js';
import { severityText } from '../domain/severity.js';
import type { Evaluation } from '../evaluation/evaluate.js';

/** Nothing is there, or what is there refuses every call. */
export function isAway({ causes: [first], findings }: Pick<Diagnosis, 'causes' | 'findings'>): boolean {
  if (first === undefined) return false;
  if (first.id === 'model-unreachable') return true;
  return (hasTrait(first.id, 'says-itself') || failsEachCall(first)) && isOut({ findings });
}

/** The same, or nothing that is answered can be used. */
export const isUnanswered = (told: Pick<Diagnosis, 'causes' | 'findings'>): boolean =>
  isAway(told) || (causeOf(told) === 'answer-schema-changed' && isOut(told));

/** A check says that no call is answered. */
export const isOut = ({ findings }: Pick<Diagnosis, 'findings'>): boolean =>
  findings.some(({ detector }) => detector === 'unreachable');

/** Calls are answered again, all of them, while what is told is that none is: nothing that such an evaluation names is news of a fault. */
export const endsOutage = (
  told: Diagnosis,
  { answeredSinceMs, findings }: Pick<Evaluation, 'answeredSinceMs' | 'findings'>,
): boolean => isUnanswered(told) && answeredSinceMs !== null && !isOut({ findings });

type Telling = Pick<IncidentRow, 'diagnosis' | 'explanation'>;

/** The cause a diagnosis puts first; `none` where it has none. */
export const causeOf = ({ causes: [first] }: Pick<Diagnosis, 'causes'>): CauseId => first?.id ?? 'none';

/** Two diagnoses tell the same story when cause and features agree. That each call fails is another than that some do: other plans are made. */
export function storyOf(diagnosis: Diagnosis): string {
  const [first] = diagnosis.causes;
  const isOfEach = first !== undefined && failsEachCall(first);
  return [causeOf(diagnosis), ...(isOfEach ? ['each call'] : []), ...diagnosis.features].join('|');
}

/** Whether the model was asked since: an experiment that confirms a cause is told, and makes no other story of it. */
export const wasAskedSince = (told: Diagnosis, { experiment }: Diagnosis): boolean =>
  experiment !== null && experiment.atMs !== told.experiment?.atMs;

/** The headline that is news where the story stays: its cause has become firm, or the model was asked; null where none is. */
export function newHeadline(told: Telling, now: Telling, isFirmNow: boolean): string | null {
  const wasAsked = storyOf(told.diagnosis) === storyOf(now.diagnosis) && wasAskedSince(told.diagnosis, now.diagnosis);
  const { headline } = now.explanation;
  return (isFirmNow || wasAsked) && headline !== told.explanation.headline ? headline : null;
}

/** Detectors that cannot see something now which they could see when the incident was diagnosed. */
export function newlyBlind(diagnosis: Diagnosis, unseen: Evaluation['unseen']): ReadonlySet<string> {
  const before = new Set(diagnosis.blindSpots.map(({ check }) => check));
  return new Set(unseen.filter(({ check }) => !before.has(check)).map(({ detector }) => detector));
}

/** Late labels with nothing found besides are a note: they neither open an incident nor keep one open. */
const isOnlyWaiting = ({ diagnosis, findings }: Evaluation): boolean =>
  diagnosis.causes[0]?.id === 'label-delay' && findings.every(({ kind }) => kind === 'note');

/**
 * What the diagnosis blames is on its way back: by the newest rows as in the baseline again, or not found any more. An evaluation
 * meanwhile sees fault and recovery mixed, and names causes of mixtures.
 */
export function isRecovering(
  diagnosis: Diagnosis,
  { backToNormal, findings }: Pick<Evaluation, 'backToNormal' | 'findings'>,
): boolean {
  const found = new Set(findings.map(({ subject }) => subject));
  const attributed = [...new Set(attributedFindings(diagnosis).map(({ subject }) => subject))];
  const isBack = attributed.filter((subject) => backToNormal.has(subject));
  return isBack.length > 0 && attributed.every((subject) => backToNormal.has(subject) || !found.has(subject));
}

/** Nothing that the diagnosis blames is found any more, but for what only rows of before keep alive. */
export function isPast(
  diagnosis: Diagnosis,
  { backToNormal, findings }: Pick<Evaluation, 'findings' | 'backToNormal'>,
): boolean {
  const found = new Set(findings.map(({ subject }) => subject));
  const attributed = attributedFindings(diagnosis);
  return attributed.length > 0 && attributed.every(({ subject }) => backToNormal.has(subject) || !found.has(subject));
}

/** Findings but for those that only rows of before keep alive. */
export const stillFound = ({
  findings,
  backToNormal,
}: Pick<Evaluation, 'findings' | 'backToNormal'>): Evaluation['findings'] =>
  findings.filter(({ subject }) => !backToNormal.has(subject));

/** Whether something was found and all of it is over. */
function isOver({ findings, backToNormal }: Pick<Evaluation, 'findings' | 'backToNormal'>): boolean {
  const serious = findings.filter(({ kind }) => kind !== 'note');
  return serious.length > 0 && serious.every(({ subject }) => backToNormal.has(subject));
}

/** Something is found that an incident may be about. */
export const isProblem = (evaluation: Evaluation): boolean =>
  evaluation.diagnosis.severity !== 'none' && !isOnlyWaiting(evaluation);

/** The same, and it is not over. */
export const isUnderWay = (evaluation: Evaluation): boolean => isProblem(evaluation) && !isOver(evaluation);

/** The same of an open incident: an outage ends also where something else is found since, which is an incident of its own. */
export function goesOn(incident: IncidentRow | null, evaluation: Evaluation): boolean {
  const areErrorsFound = stillFound(evaluation).some(({ subject }) => subject === 'errors');
  const isOutageOver = incident !== null && endsOutage(incident.diagnosis, evaluation) && !areErrorsFound;
  return isUnderWay(evaluation) && !isOutageOver;
}

/** So long are calls answered again before an outage counts as over: one answer is not yet the end. */
const ANSWERED_MS = 5_000;

/**
 * An open incident as it is shown while evaluations find nothing but what is over, or calls are answered again: what it tells is no
 * longer so, and until it closes it may come back.
 */
export function asShown<T extends IncidentRow>(incident: T, evaluation: Evaluation | null): T {
  if (evaluation === null) return incident;
  const { explanation, diagnosis } = incident;
  const endedMs = endsOutage(diagnosis, evaluation) ? evaluation.answeredSinceMs : null;
  if (endedMs === null && isUnderWay(evaluation)) return incident;
  const [, name = '', text = explanation.headline] = /^([^:]*: )(.*)$/s.exec(explanation.headline) ?? [];
  const now = endedMs === null ? 'over, it seems' : `answers again since ${minuteText(endedMs)}`;
  const shown = { ...incident, explanation: { ...explanation, headline: `${name}${now}; it was: ${text}` } };
  const isOver = endedMs !== null && evaluation.diagnosis.atMs - endedMs >= ANSWERED_MS;
  return isOver ? asMild(shown) : shown;
}

/** What was severe is told as that, wherever the severity stands. */
function asMild<T extends IncidentRow>(incident: T): T {
  const { diagnosis, explanation } = incident;
  const before = severityText(diagnosis);
  const severityReason = `Calls are answered again. Until then it was ${diagnosis.severity}: ${diagnosis.severityReason}`;
  const mild = { ...diagnosis, severity: 'low', severityReason } as const;
  const paragraphs = explanation.paragraphs.map((text) => text.replace(before, () => severityText(mild)));
  return { ...incident, severity: 'low', diagnosis: mild, explanation: { ...explanation, paragraphs } };
}
