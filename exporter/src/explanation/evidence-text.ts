import { wholePercent } from '../domain/quantity-text.js';
import { subjectText } from '../domain/finding.js';
import { oddsText, type AlertEvidence, type SignalEvidence } from '../domain/alert-evidence.js';
import { timeText } from '../domain/time-text.js';

const NAMED = 3;
/** What chance alone shows less than once in ten days. */
const WORTH_TELLING = Math.log(10);

const clause = (signal: SignalEvidence): string =>
  `${oddsText(signal.logRatio)} for ${subjectText(signal.subject)}${signal.changeAtMs === null ? '' : ` since ${timeText(signal.changeAtMs)}`}`;

/** What the evidence over time says, and how near the paging line it is. Empty when there is nothing worth telling. */
export function evidenceText(evidence: AlertEvidence): string {
  const days = Math.round(evidence.budget.meanTimeBetweenMs / 86_400_000);
  const promise = `the line set for at most one false page in ${days} days`;
  if (evidence.verdict === 'learning') return '';
  if (evidence.verdict === 'alarm') {
    const changed = evidence.signals.filter(({ watch }) => watch === 'changed').slice(0, NAMED);
    return `Evidence on any one day against “nothing changed”: ${changed.map(clause).join('; ')}. That is past ${promise}.`;
  }
  const telling = evidence.signals.filter(({ logRatio }) => logRatio >= WORTH_TELLING).slice(0, NAMED);
  if (telling.length === 0) return '';
  return `Evidence on any one day against “nothing changed” so far: ${telling.map(clause).join('; ')}. It has come ${wholePercent(evidence.lineShare)} of the way to ${promise}.`;
}
