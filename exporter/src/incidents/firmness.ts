/** When the cause of an open incident is firm: until then it is told as what it may be, and nothing is proposed for it. */
import {
  attributedFindings,
  blamesNothing,
  familyOf,
  type CauseId,
  type Diagnosis,
  type Explanation,
} from '../domain/cause.js';
import { CHECKS_BY_BASELINE_ROWS, subjectText } from '../domain/finding.js';
import { counted } from '../domain/quantity-text.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { compareSeverity } from '../domain/severity.js';
import { evaluationsToChange, followSeverity, startSeverity, type HysteresisSettings } from './hysteresis.js';
import { causeOf, isOut, isPast, isRecovering, isUnanswered, storyOf, wasAskedSince } from './story.js';
import { isPoorer } from './incident-size.js';
import type { IncidentTracking } from './tracking.js';

type Told = Pick<IncidentTracking, 'sameEvaluations'>;

/** What a window that fills shows first of many a fault: that inputs are others, before it shows how. */
const GENERAL: ReadonlySet<CauseId> = new Set(['input-drift', 'traffic-mix-change', 'new-categories']);

const isGeneral = (diagnosis: Diagnosis): boolean =>
  GENERAL.has(causeOf(diagnosis)) || blamesNothing(causeOf(diagnosis));

/** Evaluations that must have told a story before it is firm. */
export function evaluationsToBeFirm(diagnosis: Diagnosis, { firm }: Pick<HysteresisSettings, 'firm'>): number {
  if (isGeneral(diagnosis)) return firm.general;
  return familyOf(causeOf(diagnosis)) === 'service' ? firm.ofCalls : firm.specific;
}

/** Whether the story has been told for long enough. */
export const isFirm = ({ sameEvaluations }: Told, diagnosis: Diagnosis, hysteresis: HysteresisSettings): boolean =>
  sameEvaluations >= evaluationsToBeFirm(diagnosis, hysteresis);

/** Whether it is so and not told yet. */
const becomesFirm = (
  tracking: Pick<IncidentTracking, 'sameEvaluations' | 'isToldFirm'>,
  diagnosis: Diagnosis,
  hysteresis: HysteresisSettings,
): boolean => !tracking.isToldFirm && isFirm(tracking, diagnosis, hysteresis);

/** What is told until a cause is firm: what changed, and what it most likely is. */
function lookingInto(explanation: Explanation, diagnosis: Diagnosis): Explanation {
  const [winner] = diagnosis.causes;
  if (winner === undefined) return explanation;
  const [first, ...others] = new Set(attributedFindings(diagnosis).map(({ subject }) => subjectText(subject)));
  const what =
    first === undefined
      ? ''
      : ` ${first}${others.length === 0 ? '' : ` and ${counted(others.length, 'more signal')}`} changed;`;
  const [name = ''] = explanation.headline.split(': ', 1);
  const likely = blamesNothing(winner.id) ? 'no known cause fits so far' : `most likely: ${winner.title}`;
  return { ...explanation, headline: `${name}: looking into it:${what} ${likely}.` };
}

/** What is told of an evaluation that tells the incident's story: what it may be, until that is firm. */
export const toldOf = (
  told: Told,
  { explanation, diagnosis }: Pick<Evaluation, 'explanation' | 'diagnosis'>,
  hysteresis: HysteresisSettings,
): Explanation => (isFirm(told, diagnosis, hysteresis) ? explanation : lookingInto(explanation, diagnosis));

/** Whether proposals for a firm cause are still to be made. */
export const waitsForProposals = (
  tracking: Pick<IncidentTracking, 'sameEvaluations' | 'isUnproposed'>,
  { diagnosis }: IncidentRow,
  hysteresis: HysteresisSettings,
): boolean => tracking.isUnproposed && isFirm(tracking, diagnosis, hysteresis);

/** What is left of a cause that rests on the baseline's rows, once these are gone. */
const WITHOUT_ROWS: Readonly<Partial<Record<CauseId, CauseId>>> = { 'labels-wrong': 'concept-drift' };

/** Another share of right predictions than that which was told. */
const MUCH_LESS_ACCURATE = 0.2;

/** Nothing speaks against the cause that is told but that the rows it rests on are gone since. */
function onlyLacksRows(told: Diagnosis, now: Diagnosis): boolean {
  const areGone = ({ blindSpots }: Diagnosis): boolean =>
    blindSpots.some(({ check }) => check === CHECKS_BY_BASELINE_ROWS);
  if (WITHOUT_ROWS[causeOf(told)] !== causeOf(now) || !areGone(now) || areGone(told)) return false;
  const isOtherMix = now.findings.some(({ subject, kind }) => subject === 'prediction' && kind !== 'note');
  return !isOtherMix && !(accuracyIn(told) - accuracyIn(now) >= MUCH_LESS_ACCURATE);
}

/** By labels; NaN where no finding says. */
const accuracyIn = ({ findings }: Diagnosis): number =>
  findings.find(({ detector }) => detector === 'accuracy-drop')?.now ?? NaN;

/**
 * The evaluation as it is told: one that saw less of a firm cause than what is told of it leaves that as it is, but for how severe it is.
 * The model may have been asked since, which is news. A cause whose rows are gone stays as it is, unless it becomes much worse.
 */
export function asTold(
  { isToldFirm, isTakenUp }: Pick<IncidentTracking, 'isToldFirm' | 'isTakenUp'>,
  { diagnosis: told, explanation, fingerprint }: IncidentRow,
  evaluation: Evaluation,
): Evaluation {
  const { diagnosis: now } = evaluation;
  // What it is judged as without them is no measure of how severe it is.
  if (isToldFirm && onlyLacksRows(told, now)) return { ...evaluation, diagnosis: told, explanation, fingerprint };
  const isSame = storyOf(told) === storyOf(now) && !wasAskedSince(told, now);
  if (!isToldFirm || !isSame || !(isTakenUp || isPoorer(told, now))) return evaluation;
  const { severity, severityReason } = now;
  return { ...evaluation, diagnosis: { ...told, severity, severityReason }, explanation, fingerprint };
}

/** What is told goes away: its own signals do, or what is left is milder and names no cause more exactly. */
const fades = (diagnosis: Diagnosis, evaluation: Evaluation, isMilder: boolean): boolean =>
  isRecovering(diagnosis, evaluation) ||
  (isMilder && (isPast(diagnosis, evaluation) || !isGeneral(diagnosis) || isGeneral(evaluation.diagnosis)));

/**
 * Whether what is told fades, and so many evaluations must tell another story before it is told: a firm one does not give way to a
 * mixture.
 * @param isMilder what is told now is another story, and milder
 */
function firmnessOf(
  told: Told,
  diagnosis: Diagnosis,
  evaluation: Evaluation,
  isMilder: boolean,
  hysteresis: HysteresisSettings,
): { readonly isFading: boolean; readonly toChange: number } {
  const toBeFirm = Math.max(hysteresis.firm.specific, evaluationsToBeFirm(diagnosis, hysteresis));
  const isOutageOver = isUnanswered(diagnosis) && !isOut(evaluation);
  // What is wrong now is what the newest calls say, however long others said something else.
  const isTurned = isUnanswered(diagnosis) && isUnanswered(evaluation.diagnosis) && isOut(evaluation);
  if (told.sameEvaluations < toBeFirm || isOutageOver || isTurned) return { isFading: false, toChange: 0 };
  if (fades(diagnosis, evaluation, isMilder)) return { isFading: true, toChange: hysteresis.changeRecovering };
  return { isFading: false, toChange: isGeneral(diagnosis) ? 0 : hysteresis.changeFirm };
}

/** That no call is answered is another fault than whatever is told, and worse: it waits for nothing, and ends as soon as it is over. */
const isNewOutage = (told: Diagnosis, now: Diagnosis): boolean =>
  !isUnanswered(told) && isUnanswered(now) && isOut(now);

/**
 * Counts one more evaluation of an open incident, and moves its severity on.
 * @returns whether its story changes by it, or ends and another fault is found; and whether it becomes firm
 */
export function followStory(
  tracking: IncidentTracking,
  { diagnosis, severity }: Pick<IncidentRow, 'diagnosis' | 'severity'>,
  evaluation: Evaluation,
  hysteresis: HysteresisSettings,
): { readonly storyChanged: boolean; readonly storyEnds: boolean; readonly isFirmNow: boolean } {
  const judged = evaluation.diagnosis.severity;
  const difference = compareSeverity(judged, severity);
  const sameStory = storyOf(diagnosis) === storyOf(evaluation.diagnosis);
  const isGone = isPast(diagnosis, evaluation);
  tracking.differentEvaluations = sameStory ? 0 : tracking.differentEvaluations + 1;
  if (sameStory) tracking.sameEvaluations += 1;
  const timesLeft = tracking.causesLeft.get(causeOf(evaluation.diagnosis)) ?? 0;
  const isMilder = !sameStory && difference < 0;
  const { isFading, toChange } = firmnessOf(tracking, diagnosis, evaluation, isMilder, hysteresis);
  const isToldAtOnce = isNewOutage(diagnosis, evaluation.diagnosis);
  const atLeast = evaluationsToChange(timesLeft, hysteresis, toChange);
  const isOtherNow = !sameStory && (isToldAtOnce || tracking.differentEvaluations >= atLeast);
  // No signal of a firm story is found any more: what is found, and is milder, is no better name of it but a fault of its own.
  const storyEnds = isOtherNow && isFading && isMilder && isGone;
  const storyChanged = isOtherNow && !storyEnds;
  // A new story comes with its own severity, milder once what the old one blamed is over or has long faded; a cause of a mixture
  // makes it no worse, and what is left of a firm one no milder.
  if (storyChanged && (difference > 0 || isFading || isGone)) tracking.severity = startSeverity(judged);
  else if (!(isFading && difference < 0) && (sameStory || !isRecovering(diagnosis, evaluation)))
    tracking.severity = followSeverity(tracking.severity, judged, hysteresis);
  return { storyChanged, storyEnds, isFirmNow: sameStory && becomesFirm(tracking, diagnosis, hysteresis) };
}

/** Another story than the incident's is told from now on. */
export function leaveStory(tracking: IncidentTracking, { diagnosis }: Pick<IncidentRow, 'diagnosis'>): void {
  const left = causeOf(diagnosis);
  tracking.differentEvaluations = 0;
  tracking.sameEvaluations = 1;
  tracking.causesLeft.set(left, (tracking.causesLeft.get(left) ?? 0) + 1);
}
