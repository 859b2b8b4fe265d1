import type { CauseId } from '../domain/cause.js';
import type { Symptoms } from '../domain/symptoms.js';
import type { CauseDefinition, Hypothesis } from './causes/cause-definition.js';
import { errorsRose } from './causes/errors-rose.js';
import { CAUSES } from './causes/index.js';
import { INDICATORS } from './indicators/index.js';

/** A hypothesis with what every indicator says about it, in the order of `SIGNS`. */
export interface Hypothesised {
  readonly definition: CauseDefinition;
  readonly hypothesis: Hypothesis;
  readonly indicators: readonly number[];
}

/** Share of failing calls from which the answers that still come are no sample of what the model says. */
const OUTAGE = 0.5;
/** Causes of calls that fail. While most do, what the few answers look like names nothing: first they must come. */
const OF_FAILING_CALLS: ReadonlySet<CauseId> = new Set([
  'model-unreachable',
  'endpoint-errors',
  'overloaded-endpoint',
  'answer-schema-changed',
  'segment-outage',
  'unknown',
  'none',
]);
/** Share of the inputs' move that must be usual at these hours for nobody to call the traffic another one. */
const USUAL = 0.75;
/** Causes that inputs as usual for the hour refute. Values that go missing or are new do not count in that comparison. */
const OF_OTHER_VALUES: ReadonlySet<CauseId> = new Set([
  'traffic-mix-change',
  'input-drift',
  'segment-outage',
  'default-values',
  'unit-change',
  'stale-feature',
  'swapped-columns',
  'precision-loss',
]);
/** What may be said when nothing is established. */
const BLAMING_NOTHING: ReadonlySet<CauseId> = new Set(['none', 'unknown', 'label-delay', 'seasonal-pattern']);
/** Standard errors from chance that the largest of many features must reach to stand without a detector's word. */
const MANY_TESTS_Z = 4;
/** Standard error of 2·AUC − 1 times √n where one label in six is the rarer one (Mann–Whitney: 2·√((n + 1) / (12 · n₀ · n₁))). */
const ASSOCIATION_ERROR = 1.6;

/** An input came to give the label away. */
function isLeakEstablished({ labels: { accuracyNow }, differential: { labelAssociation } }: Symptoms): boolean {
  if (accuracyNow === null || labelAssociation === null) return false;
  const chance = (MANY_TESTS_Z * ASSOCIATION_ERROR) / Math.sqrt(accuracyNow.of);
  return labelAssociation.now - labelAssociation.before > chance;
}

/**
 * Somebody with a false-alarm rate of its own says that something changed: a detector, the e-detectors, a test over all groups,
 * labels, or golden inputs, whose answers do not change by chance. An input that moved too little for its detector does not.
 */
function isAnythingEstablished(evidence: Symptoms): boolean {
  const { findings, changePoint, differential, golden } = evidence;
  return (
    changePoint !== null ||
    findings.some(({ kind }) => kind !== 'note') ||
    golden.answersChanged > 0 ||
    golden.shapeChanged ||
    differential.errorsBySegment !== null ||
    differential.failuresBySegment !== null ||
    errorsRose(evidence) ||
    isLeakEstablished(evidence)
  );
}

function isAdmissible(evidence: Symptoms): (cause: CauseId) => boolean {
  if (!isAnythingEstablished(evidence)) return (cause) => BLAMING_NOTHING.has(cause);
  if (evidence.service.failures.interval.low >= OUTAGE) return (cause) => OF_FAILING_CALLS.has(cause);
  const { sameHour, failuresBySegment } = evidence.differential;
  if ((sameHour?.explained ?? 0) >= USUAL && failuresBySegment === null) {
    const onlyInputs = evidence.findings.every(({ kind }) => kind === 'data' || kind === 'note');
    return (cause) => !OF_OTHER_VALUES.has(cause) && !(onlyInputs && cause === 'unknown');
  }
  return () => true;
}

/**
 * Every version of every cause that the evidence leaves in play. Never empty: "nothing is wrong" competes until a check finds
 * something, and "I do not know" from then on. A cause needs something established to be named for, and while most calls fail
 * only causes of that compete.
 */
export function hypotheses(evidence: Symptoms): Hypothesised[] {
  return hypothesesOf(evidence, isAdmissible(evidence));
}

/** What it would be if anything were wrong, while nothing is established; empty once something is. For runners-up only. */
export function doubtfulHypotheses(evidence: Symptoms): Hypothesised[] {
  return isAnythingEstablished(evidence) ? [] : hypothesesOf(evidence, (cause) => !BLAMING_NOTHING.has(cause));
}

function hypothesesOf(evidence: Symptoms, isIn: (cause: CauseId) => boolean): Hypothesised[] {
  return CAUSES.filter(({ id }) => isIn(id)).flatMap((definition) =>
    definition.hypotheses(evidence).map((hypothesis) => ({
      definition,
      hypothesis,
      indicators: INDICATORS.map(({ value }) => value(evidence, hypothesis)),
    })),
  );
}
