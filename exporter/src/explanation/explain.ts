import { counted, probabilityText, signed, wholePercent } from '../domain/quantity-text.js';
import {
  blamesNothing,
  familyOf,
  type Cause,
  type CauseFamily,
  type Diagnosis,
  type Explanation,
} from '../domain/cause.js';
import { severityText } from '../domain/severity.js';
import type { Impact } from '../domain/impact.js';
import type { Decomposition, DecompositionPartName } from '../domain/symptoms.js';
import type { AlertEvidence } from '../domain/alert-evidence.js';
import { attributionText } from './attribution-text.js';
import { evidenceText } from './evidence-text.js';
import { minuteText, timeText } from '../domain/time-text.js';

/** Sentences from a diagnosis, for somebody who was just woken up: what, why, how sure, what else. Every number is a finding's. */
export function explain(diagnosis: Diagnosis, modelName: string, evidence: AlertEvidence | null = null): Explanation {
  const name = modelName.slice(0, 120);
  const [winner, ...others] = diagnosis.causes;
  if (winner === undefined || diagnosis.severity === 'none') return healthy(diagnosis, name);
  return {
    headline: headlineOf(diagnosis, winner, name),
    summary: summaryOf(diagnosis, winner, name),
    paragraphs: [
      whyParagraph(diagnosis, winner),
      evidence === null ? '' : evidenceText(evidence),
      repairsParagraph(diagnosis, winner),
      effectParagraph(diagnosis),
      attributionText(diagnosis),
      runnersUpParagraph(others),
      diagnosis.unexplained ?? '',
    ].filter((paragraph) => paragraph !== ''),
  };
}

/** What could not be checked is told once, with the diagnosis's blind spots. */
function healthy({ window: { samples } }: Diagnosis, name: string): Explanation {
  return {
    headline: samples === 0 ? `${name}: no calls yet.` : `${name}: no problem found in ${counted(samples, 'call')}.`,
    paragraphs: [],
  };
}

function headlineOf(diagnosis: Diagnosis, winner: Cause, name: string): string {
  if (blamesNothing(winner.id))
    return `${name}: ${counted(diagnosis.findings.length, 'finding')} without a known cause. ${diagnosis.severityReason}`;
  const reason = winner.supporting[0]?.text ?? diagnosis.severityReason;
  return `${name}: ${winner.title}. ${reason}`;
}

/** Plain words and whole numbers, no statistics: what users feel, what it probably is, since when, how sure, and what is not known. */
function summaryOf(diagnosis: Diagnosis, winner: Cause, name: string): string {
  const { impact } = diagnosis;
  const harmed =
    impact === null || impact === undefined || isBesides(impact, winner)
      ? withoutImpact(diagnosis, winner, name)
      : `About ${wholePercent(impact.share)} of ${possessive(name)} ${HARM_WORDS[impact.harm]} (${wholePercent(impact.interval.low)} to ${wholePercent(impact.interval.high)}${BASIS_WORDS[impact.basis]}).`;
  const since = diagnosis.sinceMs ?? null;
  const when = since === null ? '' : ` It began at about ${minuteText(since)}.`;
  const where =
    winner.segments.length === 0 ? '' : ` It concerns requests with ${winner.segments.slice(0, 2).join(', ')}.`;
  if (blamesNothing(winner.id))
    return `${harmed}${when} The cause is not known: none of the causes on the list explains what was seen. ${runnerUp(diagnosis)}`.trim();
  const sure = winner.probability > 0.9 ? 'almost certainly' : winner.probability > 0.5 ? 'probably' : 'possibly';
  const reason = withoutStatistics(winner.supporting[0]?.text ?? '');
  return `${harmed}${when} The cause is ${sure} (${probabilityText(winner.probability)}): ${winner.title}.${where} ${reason} ${winner.probability > 0.9 ? '' : runnerUp(diagnosis)}`
    .replace(/ +/g, ' ')
    .trim();
}

/** `fraud's`, `rows'`. */
const possessive = (name: string): string => `${name}${name.endsWith('s') ? "'" : "'s"}`;

/** What happens besides the cause does not lead: a change of unit makes no answer late. */
const isBesides = ({ harm }: Impact, winner: Cause): boolean =>
  harm === 'late-answer' && !['service', 'none'].includes(familyOf(winner.id));

/** A sentence without the parenthesis that says how well a curve fits: that is for the report. */
const withoutStatistics = (text: string): string => text.replace(/ \(R² [^()]*\)/g, '');

/** What a share rests on that was not counted. */
const BASIS_WORDS: Readonly<Record<Impact['basis'], string>> = {
  counted: '',
  golden: ', estimated from golden inputs',
  confidence: ', estimated from confidence, without labels',
};

const HARM_WORDS = {
  'no-answer': 'calls get no prediction',
  'wrong-answer': 'predictions have become wrong or different',
  'late-answer': 'responses are later than usual',
} as const;

/**
 * What users feel where no share of them could be estimated: what the checks established, if that is more than other inputs; else
 * that nothing can be told. Never both.
 */
function withoutImpact({ findings, severityReason }: Diagnosis, winner: Cause, name: string): string {
  const isOfModel = familyOf(winner.id) === 'model';
  const isEstablished = findings.some(
    ({ kind, detector }) => (kind !== 'data' && kind !== 'note') || (isOfModel && detector === 'prediction-mix'),
  );
  return isEstablished ? severityReason : `No harm to users of ${name} can be told from chance so far.`;
}

function runnerUp({ causes }: Diagnosis): string {
  const second = causes.slice(1).find(({ id }) => !blamesNothing(id));
  return second === undefined || second.probability < 0.05
    ? ''
    : `It could also be: ${second.title} (${probabilityText(second.probability)}).`;
}

function whyParagraph(diagnosis: Diagnosis, winner: Cause): string {
  if (blamesNothing(winner.id)) return diagnosis.findings.map(({ sentence }) => sentence).join(' ');
  const grounds = winner.supporting.slice(1).map(({ text }) => text);
  const sure = `This cause has a probability of ${probabilityText(winner.probability)} among those considered.`;
  const against =
    winner.refuting.length === 0 ? '' : `Against it: ${winner.refuting.map(({ text }) => text).join(' ')}`;
  return [...grounds, sure, against].filter((text) => text !== '').join(' ');
}

/** What happened to the inputs, in words, as far as the headline has not said it already. */
function repairsParagraph({ repairs = [] }: Diagnosis, winner: Cause): string {
  const told = new Set(winner.supporting.map(({ text }) => text));
  const sentences = [...new Set(repairs.map(({ sentence }) => sentence))].filter((sentence) => !told.has(sentence));
  return sentences.slice(0, MAX_REPAIRS).join(' ');
}
const MAX_REPAIRS = 5;

const PART_WORDS: Readonly<Record<DecompositionPartName, string>> = {
  serving: 'serving',
  'data quality': 'out-of-range inputs',
  'input mix': 'another mix of inputs',
  model: 'other predictions for the same kind of input',
  concept: 'other outcomes for the same kind of input',
};

/** Where the values themselves are at fault, who asks for what is not. */
const partWords = (name: DecompositionPartName, cause: Cause | undefined): string =>
  name === 'input mix' && cause !== undefined && familyOf(cause.id) === 'pipeline'
    ? 'the changed inputs'
    : PART_WORDS[name];

/** Parts of a change below this are not listed. */
const MIN_PART = 0.01;

/** Share of the largest part from which one that the cause does not account for contradicts it. */
const MOST_BESIDES = 0.5;

/** Parts of a drop that each family of causes accounts for. */
const PARTS_OF: Readonly<Record<CauseFamily, readonly DecompositionPartName[]>> = {
  service: ['serving'],
  pipeline: ['data quality', 'input mix'],
  traffic: ['input mix', 'data quality'],
  model: ['model'],
  labels: ['concept'],
  none: [],
};

/**
 * Whether the largest part of a drop is one the cause accounts for, and none of another comes near it, whichever way it goes. Parts are read off counts that cannot see every fault (a value in
 * another unit keeps its kind of input), so that where they say otherwise they would only contradict what the headline rests on.
 */
function agrees({ parts, total }: Decomposition, cause: Cause | undefined): boolean {
  if (cause === undefined || familyOf(cause.id) === 'none') return true;
  const own = PARTS_OF[familyOf(cause.id)];
  const [largest] = parts.toSorted((a, b) => b.value * Math.sign(total) - a.value * Math.sign(total));
  if (largest === undefined) return true;
  const others = parts.filter(({ name }) => !own.includes(name)).map(({ value }) => Math.abs(value));
  return own.includes(largest.name) && Math.max(0, ...others) <= MOST_BESIDES * Math.abs(largest.value);
}

/** What it was seen in: of calls that fail those since they do, for the window holds calls of before that were answered. */
function seenIn({ window: { samples, fromMs, toMs }, impact, causes: [winner], severityReason }: Diagnosis): string {
  if (impact?.harm === 'no-answer' && winner !== undefined && familyOf(winner.id) === 'service')
    return severityReason.includes(impact.sentence) ? '' : impact.sentence;
  return samples === 0 ? '' : `Seen in ${counted(samples, 'call')} from ${timeText(fromMs)} to ${timeText(toMs)}.`;
}

function effectParagraph(diagnosis: Diagnosis): string {
  const parts = [[severityText(diagnosis), seenIn(diagnosis)].filter((text) => text !== '').join(' ')];
  const { decomposition, segments } = diagnosis;
  if (decomposition !== null && Math.abs(decomposition.total) >= 0.02 && agrees(decomposition, diagnosis.causes[0])) {
    const material = decomposition.parts.filter(({ value }) => Math.abs(value) >= MIN_PART);
    const shares = [
      ...material.map(({ name, value }) => `${signed(value)} from ${partWords(name, diagnosis.causes[0])}`),
      ...(Math.abs(decomposition.remainder) < MIN_PART ? [] : [`${signed(decomposition.remainder)} unexplained`]),
      ...(material.length === decomposition.parts.length ? [] : ['every other part below 0.01']),
    ];
    parts.push(
      `Mean ${decomposition.measure} went from ${decomposition.before.toFixed(2)} to ${decomposition.now.toFixed(2)}: ${shares.join('; ')} (${decomposition.interventional ? 'found by asking the model' : 'read off counts, not by experiment'}).`,
    );
  }
  if (segments.length > 0) {
    parts.push(
      `Affected most: ${segments
        .slice(0, 3)
        .map(({ predicate, measure, before, now }) =>
          before === null
            ? `${predicate} (${measure} ${now.toFixed(2)})`
            : `${predicate} (${measure} ${before.toFixed(2)} → ${now.toFixed(2)})`,
        )
        .join('; ')}.`,
    );
  }
  return parts.join(' ');
}

/** A sentence as it reads in the middle of another: no full stop, and a small letter unless the word is all capitals. */
const clauseOf = (sentence: string): string =>
  sentence.replace(/\.$/, '').replace(/^[A-Z](?=[a-z’' ])/, (letter) => letter.toLowerCase());

/** A runner-up less probable than this is noise to whoever reads it. */
const MIN_NAMED_PROBABILITY = 0.005;

function runnersUpParagraph(others: readonly Cause[]): string {
  const weighed = others
    .filter(({ id, probability }) => !blamesNothing(id) && probability >= MIN_NAMED_PROBABILITY)
    .slice(0, 2);
  if (weighed.length === 0) return '';
  return `Also considered: ${weighed.map(({ title, probability, refuting }) => `${title} (${wholePercent(probability)}; ${refuting[0] === undefined ? 'fewer of its expected symptoms are present' : `against it: ${clauseOf(refuting[0].text)}`})`).join('; ')}.`;
}
