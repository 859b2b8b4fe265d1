import { blamesNothing, CAUSE_IDS, familyOf, type Cause, type CauseId } from '../../../exporter/src/domain/cause.js';
import { DETECTOR_IDS } from '../../../exporter/src/domain/finding.js';
import { FAILURE_REASONS } from '../../../exporter/src/domain/observation.js';
import type { Symptoms } from '../../../exporter/src/domain/symptoms.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { CAUSE_DEFINITIONS } from '../../../exporter/src/rca/causes/index.js';
import { textsOf } from './sentences.js';

export type Said = Pick<Evaluation, 'symptoms' | 'diagnosis' | 'explanation' | 'proposals'>;

/** Identifiers of the code, as they must not stand in a sentence. Those that are a single word are words as well. */
const SLUGS = [...CAUSE_IDS, ...DETECTOR_IDS, ...FAILURE_REASONS, 'latency_seconds', 'standard-deviations'].filter(
  (id) => /[-_]/.test(id),
);

const HARM =
  /Users (receive|wait)|Most calls fail|calls get no prediction|predictions are wrong|responses are (later|slow)/;
const NO_HARM = /No harm|no sign so far|no problem found|cannot be told from chance so far/i;
/** Facts of health: nothing that is as it should be speaks against a cause that does not predict otherwise. */
const HEALTH =
  /(is|are) (as before|as fast as before|valid)|always (had|got)|Every call is answered|Something listens|No feature lost/;

/** What no text may have, with the reason. */
const FAULTS: readonly (readonly [what: string, fault: RegExp])[] = [
  [
    'a plural of one',
    /(?<![\d.,–-])1 (?!of\b)(?:other )?[a-z]+ ?(?:[a-z]+s)\b(?<!\b(?:s|is|was|has|less|less|this))(?=[ .,;)])/,
  ],
  ['a backtick', /`/],
  ['the key of a signal', /feature:\S/],
  ['a value that is none', /\b(NaN|undefined|null|Infinity|\[object)\b/],
  ['more than six digits', /(?<![\d:-])\d+\.\d{7,}|\d\.\d*[1-9]\d{6,}/],
  ['two full stops', /\.\.|\. \.|\.\)\.|: ?\.|\( ?\)/],
  ['a minus of zero', /[-−]0\.00\b(?! to)/],
];

/** What is wrong with the texts of an evaluation: words no sentence may have, contradictions, claims about what was not measured. */
export function faultsOf({ symptoms, diagnosis, explanation, proposals }: Said): string[] {
  const texts = textsOf(diagnosis, explanation, proposals);
  const whole = texts.map(([, text]) => text).join('\n');
  return [
    ...texts.flatMap(([place, text]) => [
      ...FAULTS.filter(([, fault]) => fault.test(text)).map(([what]) => `${what} in ${place}: ${text}`),
      ...SLUGS.filter((slug) => new RegExp(`(^|[^\\w-])${slug}($|[^\\w-])`).test(text)).map(
        (slug) => `the slug ${slug} in ${place}: ${text}`,
      ),
    ]),
    ...contradictions(texts, whole),
    ...diagnosis.causes.flatMap(oppositesIn),
    ...groundless({ symptoms, diagnosis, proposals }),
    ...unlikeSeverities({ diagnosis, explanation, proposals }),
    ...unmeasured(symptoms, whole),
    ...diagnosis.causes.flatMap(({ id, refuting }) =>
      refuting
        .filter(({ indicator, text }) => HEALTH.test(text) && !leadsOf(id).includes(indicator))
        .map(({ text }) => `a fact of health against ${id}: ${text}`),
    ),
  ];
}

const leadsOf = (id: CauseId): readonly string[] =>
  CAUSE_DEFINITIONS.find((cause) => cause.id === id)?.leadIndicators ?? [];

/** What a cause says, and what neither its title nor its reasons may say beside it. */
const OPPOSITES: readonly (readonly [says: RegExp, opposite: RegExp])[] = [
  [/Segment gone|fell from .* kept their proportions/, /No group of requests has disappeared/],
  [/: \w+ in bursts|come in bursts/, /not in bursts/],
  [/looks (multiplied|divided|shifted|converted)/, /No single change of unit or scale fits/],
  [/Renamed categories/, /No vanished category has a new one/],
  [/no longer varies/, /values still vary/],
  [/A default fills in/, /No single value fills in/],
  [/No other feature moved/, /other features? moved too|[2-9] of \d+ features moved/],
  [/” moved\.$|Input data drift/, /No input feature moved/],
  [/Segment outage/, /in no particular group of requests/],
  [/timeouts/, /do not time out/],
  [/Confidence is as before/, /confidence (fell|rose)|less confidence|more confidence/i],
  [/No check found anything/, /Checks with a finding/],
];

function oppositesIn({ id, title, supporting, refuting }: Cause): string[] {
  const texts = [title, ...supporting.map(({ text }) => text), ...refuting.map(({ text }) => text)];
  const sides = new Set(supporting.map(({ indicator }) => indicator));
  return [
    ...OPPOSITES.filter(
      ([says, opposite]) => texts.some((text) => says.test(text)) && texts.some((text) => opposite.test(text)),
    ).map(([says, opposite]) => `${id} says ${says.source} and ${opposite.source}: ${texts.join(' | ')}`),
    ...refuting
      .filter(({ indicator }) => sides.has(indicator))
      .map(({ indicator }) => `${id} has ${indicator} for and against it`),
    ...supporting.filter(({ logOdds }) => logOdds <= 0).map(({ text }) => `for ${id} without weight: ${text}`),
    ...refuting.filter(({ logOdds }) => logOdds >= 0).map(({ text }) => `against ${id} without weight: ${text}`),
  ];
}

const NEEDS_LABELS: ReadonlySet<CauseId> = new Set(['concept-drift', 'segment-concept-drift', 'feature-leak']);
/** Causes besides those of service that may be named without a baseline: they are visible in the answers themselves, or in what is refused. */
const VISIBLE_ALONE: ReadonlySet<CauseId> = new Set([
  'unstable-model',
  'underconfident-model',
  'prediction-collapse',
  'calibration-decay',
  'segment-outage',
  'rows-refused',
]);

/** Causes and advice about what was not there to be seen, or that leave out what users feel most. */
function groundless({
  symptoms,
  diagnosis: { causes },
  proposals,
}: Pick<Said, 'symptoms' | 'diagnosis' | 'proposals'>): string[] {
  const { labels, hasBaseline, service, differential, findings } = symptoms;
  const [first] = causes;
  const callsFail = findings.some(({ detector }) => detector === 'error-rate' || detector === 'unreachable');
  const isOutage = callsFail && service.failures.interval.low - (service.baselineErrorShare ?? 0) >= 0.05;
  const advice = proposals.map(({ title, why, steps }) => [title, why, ...steps].join(' ')).join(' ');
  return [
    ...causes
      .filter(({ id }) => !blamesNothing(id) && !hasBaseline && familyOf(id) !== 'service' && !VISIBLE_ALONE.has(id))
      .filter(({ title }) => !title.endsWith('after a release'))
      .map(({ id }) => `${id} without a baseline`),
    ...causes
      .filter(
        ({ id }) =>
          NEEDS_LABELS.has(id) &&
          labels.accuracyNow === null &&
          differential.errorsBySegment === null &&
          differential.labelAssociation === null,
      )
      .map(({ id }) => `${id} without labels`),
    ...causes
      .filter(({ id }) => id === 'label-delay' && (differential.labelledBefore ?? 0) === 0)
      .map(() => 'late labels of a model that never had any'),
    ...(isOutage && first !== undefined && ['traffic', 'labels'].includes(familyOf(first.id))
      ? [`${first.id} for calls that fail`]
      : []),
    ...(isOutage &&
    !/server|endpoint|Scale out|Restart|calls|requests|source|form of the|Roll|Map|categories|by hand|model/.test(
      advice,
    )
      ? [`no advice about failing calls: ${advice}`]
      : []),
    ...(/the bursts/.test(advice) && service.failuresInBursts !== true
      ? ['advice about bursts that were not seen']
      : []),
    ...(/predictions hold/.test(advice) ? ['advice says that predictions hold'] : []),
  ];
}

/** The same severity in the diagnosis, in the explanation and on the best proposal. */
function unlikeSeverities({ diagnosis: { severity }, explanation, proposals }: Omit<Said, 'symptoms'>): string[] {
  const told = [...explanation.paragraphs.join(' ').matchAll(/Severity (\w+):/g)].flatMap(([, word = '']) => word);
  const [best] = proposals;
  return [
    ...told.filter((word) => word !== severity).map((word) => `severity ${severity} is called ${word}`),
    ...(best !== undefined && best.priority.toLowerCase() !== severity
      ? [`severity ${severity}, advice ${best.priority}`]
      : []),
  ];
}

function contradictions(texts: readonly (readonly [string, string])[], whole: string): string[] {
  const harm = texts.find(([, text]) => HARM.test(text));
  const none = texts.find(([, text]) => NO_HARM.test(text));
  return [
    ...(harm !== undefined && none !== undefined ? [`harm and no harm: “${harm[1]}” and “${none[1]}”`] : []),
    ...(/No other feature moved/.test(whole) &&
    /[2-9] of \d+ features moved/.test(whole) &&
    /other features? moved too/.test(whole)
      ? ['another feature moved and did not']
      : []),
  ];
}

/** Statements about what was not measured. */
function unmeasured(
  { hasBaseline, service, golden: { compared }, features, labels }: Symptoms,
  whole: string,
): string[] {
  const claims: readonly (readonly [boolean, RegExp])[] = [
    [service.latencyBefore !== null && service.latencyNow !== null, /as fast as before/],
    [service.failures.count < service.failures.of, /arrive are valid|of the calls are answered/],
    [service.failures.count === 0, /Every call is answered/],
    [compared > 0, /Every golden input|have the fields they always had/],
    [hasBaseline, /No (other|input) feature moved|baseline never had|(is|are) as before/],
    [service.failuresInBursts !== null, /spread over the calls|come in bursts/],
    [features.length > 0, /No input feature moved|No feature lost values|particular group of requests|has disappeared/],
    [labels.accuracyBefore !== null && labels.accuracyNow !== null, /Labelled predictions are right as often/],
  ];
  return claims
    .filter(([measured, claim]) => !measured && claim.test(whole))
    .map(([, claim]) => `not measured: ${claim.source}`);
}
