import type { CauseId } from '../domain/cause.js';
import type { Evidence } from '../domain/evidence.js';
import type { CauseDefinition, Hypothesis } from './causes/cause-definition.js';
import { CAUSES } from './causes/index.js';
import { SIGNS } from './signs/index.js';

/** A hypothesis with what every sign says about it, in the order of `SIGNS`. */
export interface Candidate {
  readonly definition: CauseDefinition;
  readonly hypothesis: Hypothesis;
  readonly signs: readonly number[];
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
const OF_OTHER_TRAFFIC: ReadonlySet<CauseId> = new Set(['traffic-mix-change', 'input-drift', 'segment-outage']);
/** What may be said when nothing is established. */
const BLAMING_NOTHING: ReadonlySet<CauseId> = new Set(['none', 'unknown', 'label-delay', 'seasonal-pattern']);
/** One test this many standard errors from chance stands without a detector's word: about 1 in 1,000. */
const ONE_TEST_Z = 3;
/** The same for the largest of many features or groups. */
const MANY_TESTS_Z = 4;

/** Labels say that something changed: errors grow or are more than before, or an input came to give the label away. */
function isEstablishedByLabels({ labels: { accuracyBefore, accuracyNow }, contrast }: Evidence): boolean {
  if (accuracyNow === null || accuracyBefore === null) return false;
  const [before, now] = [accuracyBefore.share, accuracyNow.share];
  const error = Math.sqrt(before * (1 - before) * (1 / accuracyNow.of + 1 / accuracyBefore.of));
  const association = contrast.labelAssociation;
  return (
    before - now > ONE_TEST_Z * error ||
    (contrast.errorTrend ?? 0) > ONE_TEST_Z / Math.sqrt(accuracyNow.of) ||
    (association !== null && association.now - association.before > MANY_TESTS_Z / Math.sqrt(accuracyNow.of))
  );
}

/**
 * Somebody with a false-alarm rate of its own says that something changed: a detector, the e-detectors, a test over all features
 * or groups, labels, or golden inputs, whose answers do not change by chance.
 */
function isAnythingEstablished(evidence: Evidence): boolean {
  const { findings, changePoint, contrast, features, golden } = evidence;
  return (
    changePoint !== null ||
    findings.some(({ kind }) => kind !== 'note') ||
    features.some(({ moved }) => moved) ||
    golden.answersChanged > 0 ||
    golden.shapeChanged ||
    contrast.errorsBySegment !== null ||
    contrast.failuresBySegment !== null ||
    isEstablishedByLabels(evidence)
  );
}

function isAdmissible(evidence: Evidence): (cause: CauseId) => boolean {
  if (!isAnythingEstablished(evidence)) return (cause) => BLAMING_NOTHING.has(cause);
  if (evidence.service.failures.interval.low >= OUTAGE) return (cause) => OF_FAILING_CALLS.has(cause);
  const { sameHour, failuresBySegment } = evidence.contrast;
  if ((sameHour?.explained ?? 0) >= USUAL && failuresBySegment === null) return (cause) => !OF_OTHER_TRAFFIC.has(cause);
  return () => true;
}

/**
 * Every version of every cause that the evidence leaves in play. Never empty: "nothing is wrong" competes until a check finds
 * something, and "I do not know" from then on. A cause needs something established to be named for, and while most calls fail
 * only causes of that compete.
 */
export function candidates(evidence: Evidence): Candidate[] {
  const admissible = isAdmissible(evidence);
  return CAUSES.filter(({ id }) => admissible(id)).flatMap((definition) =>
    definition.hypotheses(evidence).map((hypothesis) => ({
      definition,
      hypothesis,
      signs: SIGNS.map(({ value }) => value(evidence, hypothesis)),
    })),
  );
}
