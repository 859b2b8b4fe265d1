import { counted, wholePercent } from '../domain/quantity-text.js';
import { subjectText } from '../domain/finding.js';
import {
  isWithoutSign,
  oddsText,
  provisionalText,
  type AlertEvidence,
  type SignalEvidence,
} from '../domain/alert-evidence.js';

/** Signals named at most. */
const MAX_SIGNALS = 3;
/** Natural logarithm of the odds below which a signal is not named: chance alone shows more less than once in ten days. */
const MIN_LOG_ODDS = Math.log(10);

/** When each signal moved is not told: the estimates differ by a block or two, and one fault began once. */
const clause = (signal: SignalEvidence): string => `${oddsText(signal.logRatio)} for ${subjectText(signal.subject)}`;

/** What the evidence over time says, how near the alert threshold it is, and what may not alert yet. Empty where there is nothing to say. */
export function evidenceText(evidence: AlertEvidence): string {
  const days = Math.round(evidence.budget.meanTimeBetweenMs / 86_400_000);
  const promise = `the threshold set for at most one false alert in ${counted(days, 'day')}`;
  if (evidence.verdict === 'learning') return '';
  if (evidence.verdict === 'alarm') {
    const changed = evidence.signals.filter(({ watch }) => watch === 'changed').slice(0, MAX_SIGNALS);
    const which = changed.length === 0 ? '' : `: ${changed.map(clause).join('; ')}`;
    return `Evidence of a real change, on any one day${which}. That is past ${promise}.`;
  }
  const rising = evidence.signals.filter(({ logRatio }) => logRatio >= MIN_LOG_ODDS).slice(0, MAX_SIGNALS);
  const soFar =
    rising.length === 0
      ? ''
      : `Evidence of a real change so far, on any one day: ${rising.map(clause).join('; ')}. That is ${shareOfWay(evidence)} of the way to ${promise}.`;
  const waits = evidence.signals.some(({ watch }) => watch === 'provisional')
    ? `For now, ${provisionalText(evidence.provisionalUntilMs)}.`
    : '';
  return [soFar, waits].filter((text) => text !== '').join(' ');
}

/** Rounded down: what does not alert has not got there. */
const shareOfWay = ({ lineShare }: AlertEvidence): string =>
  wholePercent(Math.min(MOST_BELOW, Math.floor(100 * lineShare) / 100));
const MOST_BELOW = 0.99;

/**
 * Why a change that is as good as certain alerts nobody so far, for wherever the state of the model is shown.
 * @param pages it is one that alerts once it is found again
 */
export function notYetText(evidence: AlertEvidence | null, pages = false): string {
  if (pages) return TO_BE_CONFIRMED;
  if (evidence?.signals.some(({ watch }) => watch === 'provisional') === true)
    return `Changed, not yet alerting: ${provisionalText(evidence.provisionalUntilMs)}.`;
  if (evidence !== null && isWithoutSign(evidence))
    return 'Changed, not yet alerting: there is no evidence of it over time so far.';
  if (evidence?.verdict === 'quiet' || evidence?.verdict === 'warning')
    return `Changed, not yet alerting: the evidence is ${shareOfWay(evidence)} of the way to the alert threshold.`;
  return TO_BE_CONFIRMED;
}
const TO_BE_CONFIRMED = 'Changed, not yet alerting: the next evaluation has to confirm it.';
