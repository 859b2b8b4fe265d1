import { wholePercent } from '../domain/quantity-text.js';
import { minuteText } from '../domain/time-text.js';
import { isOut } from './story.js';
import type { Diagnosis, Explanation } from '../domain/cause.js';
import type { Impact } from '../domain/impact.js';
import type { IncidentRow, WorstImpact } from '../domain/incident.js';
import type { Severity } from '../domain/severity.js';
import { withSeverity } from '../evaluation/held-severity.js';

type Sized = Pick<Diagnosis, 'impact' | 'atMs' | 'findings'>;

/** Difference of shares from which an open incident is told anew, at most once in so long. */
const TOLD_SHARE = 0.05;
const TOLD_EVERY_MS = 60_000;
/** Difference of shares that is told at once, and that is a line of the timeline where it is a growth. */
const LEAP_SHARE = 0.2;

const sizeOf = ({ impact }: Pick<Sized, 'impact'>): number => impact?.share ?? 0;

/** A detector of more than inputs found something that is not told yet. */
function findsMore(told: Sized, now: Sized): boolean {
  const known = new Set(told.findings.map(({ detector }) => detector));
  return now.findings.some(({ detector, kind }) => kind !== 'data' && kind !== 'note' && !known.has(detector));
}

/** No call is answered, and more of them by now than is told: the share stays the same. */
const isLongerOut = (told: Sized, now: Sized): boolean =>
  isOut(now) && now.impact?.harm === 'no-answer' && now.impact.sentence !== told.impact?.sentence;

/** Growth of the calls that were not answered which is told at once: a count that stands still looks as if nobody asked. */
const GROWTH_TOLD = 1.25;
const unansweredIn = ({ findings }: Sized): number =>
  findings.find(({ detector }) => detector === 'unreachable')?.effect?.value ?? 0;
const isMuchLongerOut = (told: Sized, now: Sized): boolean =>
  isLongerOut(told, now) && unansweredIn(told) > 0 && unansweredIn(now) >= GROWTH_TOLD * unansweredIn(told);

/** Whether what an evaluation of the same story measured, or found besides, is to be told in the place of what the incident tells. */
export function isOtherSize(told: Sized, now: Sized): boolean {
  const difference = Math.abs(sizeOf(now) - sizeOf(told));
  const isOtherHarm = (now.impact?.harm ?? null) !== (told.impact?.harm ?? null);
  const isNews = difference >= TOLD_SHARE || isOtherHarm || findsMore(told, now) || isLongerOut(told, now);
  return difference >= LEAP_SHARE || isMuchLongerOut(told, now) || (isNews && now.atMs - told.atMs >= TOLD_EVERY_MS);
}

type Seen = Sized & Pick<Diagnosis, 'window' | 'decomposition' | 'attributions'>;

/**
 * Whether an evaluation of the same story was made from less than what is told, and lacks parts of it: after a restart, and once rows of
 * the change have left memory. What it found besides, or that it became much worse, is told all the same.
 */
export function isPoorer(told: Seen, now: Seen): boolean {
  const sawAsMuch = now.window.fromMs <= told.window.fromMs || now.window.samples >= told.window.samples;
  if (sawAsMuch) return false;
  const lacks =
    ((told.impact ?? null) !== null && (now.impact ?? null) === null) ||
    (told.decomposition !== null && now.decomposition === null) ||
    (told.attributions.length > 0 && now.attributions.length === 0);
  return lacks && !findsMore(told, now) && sizeOf(now) - sizeOf(told) < LEAP_SHARE;
}

/** Responses that come late are less bad than none, or wrong ones. */
const isWorse = (a: Impact, b: Impact): boolean =>
  (a.harm === 'late-answer') === (b.harm === 'late-answer') ? a.share > b.share : b.harm === 'late-answer';

/** The worst so far, with one more evaluation. */
export function worstOf(
  worst: WorstImpact | null,
  { impact, atMs }: Pick<Sized, 'impact' | 'atMs'>,
): WorstImpact | null {
  if (impact == null || (worst !== null && !isWorse(impact, worst.impact))) return worst;
  return { impact, atMs };
}

/** How much worse it became in one evaluation, where that is worth a line of the timeline; null where it is not. */
export const growthText = (before: WorstImpact | null, now: WorstImpact | null): string | null =>
  now !== null && now !== before && now.impact.share - (before?.impact.share ?? 0) >= LEAP_SHARE
    ? `It became worse: ${now.impact.sentence}`
    : null;

/** The explanation with the worst that it was, where that is more than it is now. */
function withWorst(explanation: Explanation, now: Pick<Sized, 'impact'>, worst: WorstImpact | null): Explanation {
  if (worst === null || explanation.summary === undefined) return explanation;
  const isOther = worst.impact.harm !== now.impact?.harm;
  if (!isOther && worst.impact.share - sizeOf(now) < TOLD_SHARE) return explanation;
  const text = `At its worst, at ${minuteText(worst.atMs)}, it was ${wholePercent(worst.impact.share)}${isOther ? ` (${HARM_WORDS[worst.impact.harm]})` : ''}.`;
  return { ...explanation, summary: `${explanation.summary} ${text}` };
}

const HARM_WORDS: Readonly<Record<Impact['harm'], string>> = {
  'no-answer': 'calls without a prediction',
  'wrong-answer': 'predictions that have become wrong or different',
  'late-answer': 'late responses',
};

/** The incident as an evaluation of its story tells it, with the worst it has been. */
export function retold(
  incident: IncidentRow,
  { diagnosis, explanation, fingerprint }: Pick<IncidentRow, 'diagnosis' | 'explanation' | 'fingerprint'>,
): IncidentRow & { readonly worst: ReturnType<typeof worstOf> } {
  const worst = worstOf(incident.worst ?? null, diagnosis);
  return { ...incident, diagnosis, explanation: withWorst(explanation, diagnosis, worst), fingerprint, worst };
}

type Judged = Pick<Diagnosis, 'severity' | 'severityReason'>;

/** The incident as severe as it counts: for what is judged now, where that is as severe, and else for what was before. */
export const asSevere = (told: IncidentRow, severity: Severity, now: Judged, before: Judged): IncidentRow =>
  withSeverity(
    { ...told, severity },
    { severity, severityReason: (now.severity === severity ? now : before).severityReason },
  );
