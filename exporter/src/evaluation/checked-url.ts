import { counted, percent } from '../domain/quantity-text.js';
import { failureCount, type BaselineProfile, type NumericCounts, type WindowProfile } from '../domain/profile.js';
import { proportion } from '../statistics/clopper-pearson.js';
import { compareNumeric } from '../statistics/compare.js';
import { isZero, summariseNumeric, quantileOf } from '../statistics/signal-counts.js';
import type { Discovery } from '../domain/discovery.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Investigation } from '../domain/investigation.js';
import type { Failure } from '../domain/observation.js';
import type { SetupProblem } from '../domain/setup-problem.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { Evaluation } from './evaluate.js';

/** A check of a URL that is over. */
export interface Checked {
  readonly url: string;
  readonly id: ModelId;
  readonly discovery: Discovery | null;
  readonly baseline: BaselineProfile | null;
  readonly window: WindowProfile;
  readonly evaluation: Evaluation;
  readonly verdict: Investigation['verdict'];
  readonly setup: SetupProblem | null;
  readonly limited: Failure | null;
  readonly sent: string | null;
  readonly thresholds: DetectionThresholds;
}

/** What is told of a check. */
export function investigationOf({
  url,
  id,
  discovery,
  baseline,
  window,
  evaluation,
  verdict,
  setup,
  limited,
  sent,
  thresholds,
}: Checked): Investigation {
  const confidence = numeric(window, 'confidence');
  const latency = numeric(window, 'latency_seconds');
  const summary = confidence === null ? null : summariseNumeric(confidence);
  const failures = failureCount(window);
  return {
    url,
    modelId: id,
    verdict,
    setup,
    sent,
    discovery,
    samples: window.calls,
    confidenceMean: summary?.mean ?? null,
    confidenceStandardDeviation: summary?.standardDeviation ?? null,
    errorShare: window.calls === 0 ? 0 : failures / window.calls,
    latencyP50Seconds: latency === null ? null : quantileOf(latency, 0.5),
    baselineExists: baseline !== null,
    confidenceDrift: confidenceDrift(baseline, confidence, evaluation),
    diagnosis: evaluation.diagnosis,
    explanation: evaluation.explanation,
    recommendations: evaluation.proposals,
    similar: evaluation.similar,
    limits: [
      ...(isUnheard(discovery, failures, window.calls) ? [NEVER_IN_TIME] : []),
      ...(limited === null || window.calls === 0
        ? []
        : [`No more than ${counted(window.calls, 'probe')} could be sent: ${limited.detail}.`]),
      ...limitsOf(
        setup !== null && failures === window.calls ? 0 : window.calls,
        failures,
        baseline,
        confidence,
        thresholds,
      ),
    ],
  };
}

const NEVER_IN_TIME =
  'It has never answered in time: check that the address is right, and ask with a longer timeout to see whether it is only slow.';

const isUnheard = (discovery: Discovery | null, failures: number, calls: number): boolean =>
  discovery?.kind === 'not-found' && discovery.failure.reason === 'timeout' && calls > 0 && failures === calls;

function confidenceDrift(
  baseline: BaselineProfile | null,
  now: NumericCounts | null,
  evaluation: Evaluation,
): Investigation['confidenceDrift'] {
  const before = baseline === null ? null : numeric(baseline.profile, 'confidence');
  if (baseline === null || before === null || now === null)
    return { method: 'KS-test', driftDetected: false, statistic: null, pValue: null, statistics: [] };
  const comparison = compareNumeric(before, now, baseline.bins.get('confidence') ?? []);
  const finding = evaluation.findings.find(({ detector }) => detector === 'confidence-distribution');
  return {
    method: 'KS-test',
    driftDetected: finding !== undefined,
    statistic: comparison.ksStatistic,
    pValue: finding?.pValue ?? comparison.ksPValue,
    statistics: finding?.statistics ?? [{ name: 'ks', value: comparison.ksStatistic }],
  };
}

/** An honest statement of what this many probes can and cannot show. */
function limitsOf(
  calls: number,
  failures: number,
  baseline: BaselineProfile | null,
  confidence: NumericCounts | null,
  thresholds: DetectionThresholds,
): readonly string[] {
  if (calls === 0) return ['Nothing is known of the model yet: it has not answered.'];
  const limits = [
    `These are ${calls} generated probes, not your users' requests: drift of the real inputs cannot be seen from here.`,
  ];
  if (failures === 0 && calls > 0) {
    const upper = proportion(0, calls).interval.high;
    limits.push(
      `No call failed, yet an error rate of up to ${percent(upper)} would often look the same with ${counted(calls, 'call')}.`,
    );
  }
  if (confidence === null) limits.push('The answers carry no confidence, so every check of confidence was skipped.');
  else if (isZero(confidence))
    limits.push('The confidence is 0 in each answer: that is a default and no doubt, so it was not judged.');
  if (baseline === null) {
    limits.push(
      'There is no earlier check to compare with: only faults visible in the answers themselves can be found.',
    );
  } else {
    limits.push(
      `Compared with an earlier check; a shift of the mean below ${thresholds.meanShift} standard deviations is not reported.`,
    );
  }
  return limits;
}

function numeric(window: WindowProfile, key: 'confidence' | 'latency_seconds'): NumericCounts | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' && counts.cells.size > 0 ? counts : null;
}
