import { percent, signed } from '../domain/quantity-text.js';
import type { Comparison, ValidationCriterion, ValidationPurpose, ValidationVerdict } from '../domain/validation.js';

/** Lines between good enough and not. */
export interface ValidationRules {
  readonly leastInputs: number;
  /** Share of inputs that must be answered alike, for `replace`. */
  readonly agreement: number;
  readonly errorShare: number;
  readonly confidenceDrop: number;
  readonly latencyRatio: number;
  /** A slower answer below this difference is not noticeable. */
  readonly latencyDifferenceSeconds: number;
  readonly accuracyDrop: number;
  readonly leastLabels: number;
}

const DEFAULT_VALIDATION_RULES: ValidationRules = {
  leastInputs: 20,
  agreement: 0.9,
  errorShare: 0.05,
  confidenceDrop: 0.05,
  latencyRatio: 2,
  latencyDifferenceSeconds: 0.05,
  accuracyDrop: 0.05,
  leastLabels: 20,
};

const range = (
  { low, high }: { readonly low: number; readonly high: number },
  show: (value: number) => string,
): string => `${show(low)} to ${show(high)}`;

/** Pass where the whole interval is on the good side, fail where it is wholly on the other, else more is needed to tell. */
const byInterval = (
  { low, high }: { readonly low: number; readonly high: number },
  line: number,
  good: 'above' | 'below',
): ValidationVerdict => {
  if (good === 'above') return low >= line ? 'pass' : high < line ? 'fail' : 'inconclusive';
  return high <= line ? 'pass' : low > line ? 'fail' : 'inconclusive';
};

/**
 * Assesses a comparison: failed when any criterion is failed, passed when all are passed, inconclusive otherwise.
 * @param flipShare share of repeats on which the model in service contradicts itself; no candidate can agree with it more often than it agrees with itself
 */
export function assessComparison(
  comparison: Comparison,
  purpose: ValidationPurpose,
  flipShare: number | null,
  rules: ValidationRules = DEFAULT_VALIDATION_RULES,
): {
  readonly verdict: ValidationVerdict;
  readonly criteria: readonly ValidationCriterion[];
  readonly reasons: readonly string[];
} {
  const accuracy = accuracyCriterion(comparison, rules);
  const better = accuracy?.verdict === 'pass' && (comparison.accuracy?.difference.interval.low ?? -1) > 0;
  const criteria = [
    inputsCriterion(comparison, purpose, rules),
    errorsCriterion(comparison, rules),
    ...(purpose === 'replace' ? agreementCriterion(comparison, flipShare ?? 0, better, rules) : []),
    goldenCriterion(comparison, purpose),
    confidenceCriterion(comparison, purpose, rules),
    latencyCriterion(comparison, rules),
    accuracy,
  ].filter((criterion) => criterion !== null);
  const of = (verdict: ValidationVerdict): readonly ValidationCriterion[] =>
    criteria.filter((criterion) => criterion.verdict === verdict);
  const verdict = of('fail').length > 0 ? 'fail' : of('inconclusive').length > 0 ? 'inconclusive' : 'pass';
  return { verdict, criteria, reasons: [...of('fail'), ...of('inconclusive'), ...of('pass')].map(({ text }) => text) };
}

function inputsCriterion(
  { inputs, golden }: Comparison,
  purpose: ValidationPurpose,
  rules: ValidationRules,
): ValidationCriterion {
  const total = inputs.golden + inputs.mirrored + inputs.generated;
  const enough = purpose === 'restore' ? golden.compared > 0 : total >= rules.leastInputs;
  const asked = `${total} inputs were asked (${inputs.golden} golden, ${inputs.mirrored} mirrored from live traffic, ${inputs.generated} generated)`;
  return {
    name: 'inputs',
    verdict: enough ? 'pass' : 'inconclusive',
    text: enough
      ? `${asked}.`
      : purpose === 'restore'
        ? `${asked}; none of them has an answer in the baseline to compare with.`
        : `${asked}; at least ${rules.leastInputs} are needed.`,
  };
}

function errorsCriterion({ candidateErrors, currentErrors }: Comparison, rules: ValidationRules): ValidationCriterion {
  const line = Math.max(rules.errorShare, currentErrors?.share ?? 0);
  const before = currentErrors === null ? '' : `, the model in service on ${percent(currentErrors.share)}`;
  return {
    name: 'errors',
    verdict: byInterval(candidateErrors.interval, line, 'below'),
    text: `The candidate failed on ${candidateErrors.count} of ${candidateErrors.of} calls (${range(candidateErrors.interval, (value) => percent(value))})${before}; at most ${percent(line)} may.`,
  };
}

function agreementCriterion(
  { agreement }: Comparison,
  flipShare: number,
  better: boolean,
  rules: ValidationRules,
): readonly ValidationCriterion[] {
  if (agreement === null)
    return [
      {
        name: 'agreement',
        verdict: 'inconclusive',
        text: 'There is no input that both answered, so nothing can be compared.',
      },
    ];
  const line = Math.max(0, rules.agreement - flipShare);
  const own =
    flipShare > 0
      ? `, ${percent(flipShare)} less than usual because the model in service contradicts itself that often`
      : '';
  const agreed = `Both gave the same answer to ${agreement.count} of ${agreement.of} inputs (${range(agreement.interval, percent)})`;
  return [
    better
      ? { name: 'agreement', verdict: 'pass', text: `${agreed}; where they differ, the candidate is right more often.` }
      : {
          name: 'agreement',
          verdict: byInterval(agreement.interval, line, 'above'),
          text: `${agreed}; at least ${percent(line)} are asked for${own}.`,
        },
  ];
}

/** Golden inputs are the same few questions every time: each must be answered as in the baseline, there is nothing to estimate. */
function goldenCriterion({ golden }: Comparison, purpose: ValidationPurpose): ValidationCriterion | null {
  if (purpose === 'replace' || golden.compared === 0) return null;
  const all = golden.asBaseline === golden.compared;
  return {
    name: 'golden',
    verdict: all ? 'pass' : 'fail',
    text: `The candidate answers ${golden.asBaseline} of ${golden.compared} golden inputs as the baseline did${all ? '' : '; all are asked for'}.`,
  };
}

function confidenceCriterion(
  { confidenceShift }: Comparison,
  purpose: ValidationPurpose,
  rules: ValidationRules,
): ValidationCriterion | null {
  if (confidenceShift === null || purpose === 'restore') return null;
  const shift = (value: number): string => signed(value, 3);
  return {
    name: 'confidence',
    verdict: byInterval(confidenceShift.interval, -rules.confidenceDrop, 'above'),
    text: `Its confidence is ${shift(confidenceShift.value)} (${range(confidenceShift.interval, shift)}) against the model in service on the same inputs; a drop of at most ${rules.confidenceDrop} is allowed.`,
  };
}

function latencyCriterion(
  { latencyRatio, latencyDifferenceSeconds }: Comparison,
  rules: ValidationRules,
): ValidationCriterion | null {
  if (latencyRatio === null) return null;
  const times = (value: number): string => (Number.isFinite(value) ? `${Math.round(value * 100) / 100}×` : 'unbounded');
  const noticeable = (latencyDifferenceSeconds ?? 0) > rules.latencyDifferenceSeconds;
  return {
    name: 'latency',
    verdict: noticeable ? byInterval(latencyRatio.interval, rules.latencyRatio, 'below') : 'pass',
    text: `It takes ${times(latencyRatio.value)} the time of the model in service (${range(latencyRatio.interval, times)})${noticeable ? `; at most ${rules.latencyRatio}× is allowed` : `, a difference below ${rules.latencyDifferenceSeconds * 1_000} ms`}.`,
  };
}

function accuracyCriterion({ accuracy }: Comparison, rules: ValidationRules): ValidationCriterion | null {
  if (accuracy === null || accuracy.labelled < rules.leastLabels) return null;
  const difference = (value: number): string => signed(100 * value, 1);
  return {
    name: 'accuracy',
    verdict: byInterval(accuracy.difference.interval, -rules.accuracyDrop, 'above'),
    text: `On ${accuracy.labelled} labelled inputs it is right ${accuracy.candidateRight} times, the model in service ${accuracy.currentRight} times: ${difference(accuracy.difference.value)} points (${range(accuracy.difference.interval, difference)}), McNemar’s exact p = ${accuracy.pValue.toPrecision(2)}.`,
  };
}
