import { familyOf, hasTrait, type CauseId } from '../domain/cause.js';
import type { DetectorId, Finding } from '../domain/finding.js';
import type { Symptoms } from '../domain/symptoms.js';
import type { CauseDefinition, Hypothesis } from './causes/cause-definition.js';
import { callsFail, noneAnswered } from './causes/calls-fail.js';
import { errorsRose } from './causes/errors-rose.js';
import { CAUSE_DEFINITIONS } from './causes/index.js';
import { INDICATORS } from './indicators/index.js';

/** A hypothesis with what every indicator says about it, in the order of `INDICATORS`. */
export interface Hypothesised {
  readonly definition: CauseDefinition;
  readonly hypothesis: Hypothesis;
  readonly indicators: readonly number[];
}

/** Share of failing calls from which the answers that still come are no sample of what the model says. */
const OUTAGE_SHARE = 0.5;
/** Share of calls that fail beyond the usual, from which a cause has to explain failing calls: other requests make none fail. */
const MATERIAL_FAILURES = 0.05;
/** Share of the inputs' change that is usual at these hours, from which the traffic is not called different. */
const USUAL_HOUR_SHARE = 0.75;
/** Standard errors from chance that the largest of many features must reach to stand without a detector's word. */
const MANY_TESTS_Z = 4;
/** Standard error of 2·AUC − 1 times √n where one label in six is the rarer one (Mann–Whitney: 2·√((n + 1) / (12 · n₀ · n₁))). */
const ASSOCIATION_ERROR = 1.6;

/** Findings that one cause explains and nothing else does. */
const EXPLAINED_BY_ITSELF: ReadonlyMap<DetectorId, CauseId> = new Map([
  ['certificate-expiry', 'certificate-expiring'],
  ['labels-never-match', 'labels-wrong'],
  ['refused-rows', 'rows-refused'],
]);

/** What is found where most rows are refused, and by nothing else than rows. */
const OF_ROWS: ReadonlySet<DetectorId> = new Set([
  ...['refused-rows', 'no-predictions', 'low-confidence', 'constant-predictions', 'confidence-trend'],
  ...['confidence-distribution', 'numeric-drift', 'categorical-drift', 'missing-values', 'unseen-categories'],
  ...['invalid-values', 'prediction-mix', 'calibration', 'isolation-forest', 'sequential-evidence'],
] as const);
const isOfRows = ({ detector, subject }: Finding): boolean => OF_ROWS.has(detector) && subject !== 'errors';

/** An input came to give the label away. */
function isLeakEstablished({ labels: { accuracyNow }, differential: { labelAssociation } }: Symptoms): boolean {
  if (accuracyNow === null || labelAssociation === null) return false;
  const chance = (MANY_TESTS_Z * ASSOCIATION_ERROR) / Math.sqrt(accuracyNow.of);
  return labelAssociation.now - labelAssociation.before > chance;
}

/**
 * A check with a false-alarm rate of its own says that something changed: a detector, the e-detectors, a test over all groups,
 * labels, or golden inputs, whose answers do not change by chance. An input that moved too little for its detector does not.
 */
function isAnythingEstablished(symptoms: Symptoms): boolean {
  const { findings, changePoint, differential, golden } = symptoms;
  return (
    changePoint !== null ||
    findings.some(({ kind }) => kind !== 'note') ||
    golden.answersChanged > 0 ||
    golden.shapeChanged ||
    differential.errorsBySegment !== null ||
    differential.failuresBySegment !== null ||
    errorsRose(symptoms) ||
    isLeakEstablished(symptoms)
  );
}

function isAdmissible(symptoms: Symptoms): (cause: CauseId) => boolean {
  if (!isAnythingEstablished(symptoms)) return (cause) => hasTrait(cause, 'needs-no-finding');
  const { failures, baselineErrorShare } = symptoms.service;
  if (failures.interval.low >= OUTAGE_SHARE || noneAnswered(symptoms))
    return (cause) => hasTrait(cause, 'failing-calls');
  if (callsFail(symptoms) && failures.interval.low - (baselineErrorShare ?? 0) >= MATERIAL_FAILURES)
    return (cause) => hasTrait(cause, 'failing-calls') || !['traffic', 'labels'].includes(familyOf(cause));
  const serious = symptoms.findings.filter(({ kind }) => kind !== 'note');
  const [said] = serious;
  const alone = said === undefined ? undefined : EXPLAINED_BY_ITSELF.get(said.detector);
  if (alone !== undefined && serious.every(({ detector }) => detector === said?.detector))
    return (cause) => cause === alone;
  // What is left of rows that are refused for what they hold is a choice of them: no finding in it says more.
  if (serious.some(({ detector }) => detector === 'refused-rows') && serious.every(isOfRows))
    return (cause) => cause === 'rows-refused';
  const { sameHour, failuresBySegment } = symptoms.differential;
  if ((sameHour?.explained ?? 0) >= USUAL_HOUR_SHARE && failuresBySegment === null) {
    const onlyInputs = symptoms.findings.every(({ kind }) => kind === 'data' || kind === 'note');
    return (cause) =>
      !hasTrait(cause, 'other-values') && !hasTrait(cause, 'alone') && !(onlyInputs && cause === 'unknown');
  }
  return (cause) => !hasTrait(cause, 'alone');
}

/**
 * Every version of every cause that the symptoms leave in play. Never empty: "nothing is wrong" competes until a check finds
 * something, and "I do not know" from then on. A cause needs something established to be named for; while calls fail, no cause of
 * other traffic competes, and while most do, only causes of that.
 */
export function hypotheses(symptoms: Symptoms): Hypothesised[] {
  const isIn = isAdmissible(symptoms);
  if (!hasModelChanged(symptoms)) return hypothesesOf(symptoms, isIn);
  const others = accuracyFell(symptoms) ? NOT_THE_MODEL : OF_THE_WORLD;
  return hypothesesOf(symptoms, (cause) => isIn(cause) && !others.has(cause));
}

/** Causes that leave the model as it was. */
const OF_THE_WORLD: ReadonlySet<CauseId> = new Set(['concept-drift', 'segment-concept-drift', 'labels-wrong']);

/** The same, and confidence that alone moved, which makes no prediction wrong. */
const NOT_THE_MODEL: ReadonlySet<CauseId> = new Set([...OF_THE_WORLD, 'calibration-decay']);

const accuracyFell = ({ findings }: Symptoms): boolean =>
  findings.some(({ detector, subject }) => detector === 'accuracy-drop' || subject === 'accuracy');

/** The same questions are answered otherwise, which no change of the world does. */
const hasModelChanged = ({ findings }: Symptoms): boolean =>
  findings.some(({ detector }) => detector === 'golden-answers');

/** What it would be if anything were wrong, while nothing is established; empty once something is. For runners-up only. */
export function unestablishedHypotheses(symptoms: Symptoms): Hypothesised[] {
  return isAnythingEstablished(symptoms) ? [] : hypothesesOf(symptoms, (cause) => !hasTrait(cause, 'needs-no-finding'));
}

function hypothesesOf(symptoms: Symptoms, isIn: (cause: CauseId) => boolean): Hypothesised[] {
  return CAUSE_DEFINITIONS.filter(({ id }) => isIn(id)).flatMap((definition) =>
    definition.hypotheses(symptoms).map((hypothesis) => ({
      definition,
      hypothesis,
      indicators: INDICATORS.map(({ id, value }) =>
        hypothesis.ignores?.includes(id) === true ? 0 : value(symptoms, hypothesis),
      ),
    })),
  );
}
