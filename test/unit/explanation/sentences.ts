import fc from 'fast-check';
import type { Diagnosis, Explanation } from '../../../exporter/src/domain/cause.js';
import {
  CHANGE_KINDS,
  DECOMPOSITION_PARTS,
  type Decomposition,
  type Symptoms,
} from '../../../exporter/src/domain/symptoms.js';
import type { LevelSummary, Proportion } from '../../../exporter/src/domain/estimate.js';
import type { Finding } from '../../../exporter/src/domain/finding.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { FAILURE_REASONS } from '../../../exporter/src/domain/observation.js';
import type { Proposal } from '../../../exporter/src/domain/recommendation.js';
import { proportion } from '../../../exporter/src/statistics/clopper-pearson.js';

/** Every text of an evaluation that a person reads, by where it stands. */
export function textsOf(
  diagnosis: Diagnosis,
  explanation: Explanation,
  proposals: readonly Proposal[],
): readonly (readonly [place: string, text: string])[] {
  return [
    ['headline', explanation.headline],
    ['summary', explanation.summary ?? ''],
    ...explanation.paragraphs.map((text) => ['paragraph', text] as const),
    ['severity', diagnosis.severityReason],
    ['impact', diagnosis.impact?.sentence ?? ''],
    ['unexplained', diagnosis.unexplained ?? ''],
    ...diagnosis.causes.flatMap(({ title, supporting, refuting }) => [
      ['cause', title] as const,
      ...supporting.map(({ text }) => ['for', text] as const),
      ...refuting.map(({ text }) => ['against', text] as const),
    ]),
    ...diagnosis.findings.map(({ sentence }) => ['finding', sentence] as const),
    ...proposals.flatMap(({ title, why, steps, expectedEffect, risk, verificationText }) =>
      [title, why, ...steps, expectedEffect, risk, verificationText].map((text) => ['proposal', text] as const),
    ),
  ];
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** 1 must come often: it is where a plural goes wrong. */
const count = fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 100_000 }));
const part = (of: fc.Arbitrary<number>): fc.Arbitrary<Proportion> =>
  fc.tuple(of, share).map(([all, hit]) => proportion(Math.round(hit * all), all));
const counts = part(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100_000 })));
const maybe = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });
const level: fc.Arbitrary<LevelSummary> = fc
  .record({ samples: fc.integer({ min: 1, max: 100_000 }), mean: share, standardDeviation: share })
  .map((summary) => ({ ...summary, p05: summary.mean / 2, p50: summary.mean, p95: summary.mean * 1.37 }));
const names = ['age', 'income'] as const;
const segment = fc.record({
  features: fc.constant(['country']),
  predicate: fc.constant('country = DE'),
  rows: count,
  inside: share,
  outside: share,
  contribution: share,
});

const FINDINGS: readonly Pick<Finding, 'detector' | 'subject' | 'kind' | 'direction' | 'sentence'>[] = [
  ['unreachable', 'errors', 'service', 'up', 'None of the last 5 calls was answered (mostly: timeout).'],
  ['error-rate', 'errors', 'service', 'up', '5 of the last 20 calls failed (25.0 %): 5 × timeout.'],
  ['latency-regression', 'latency_seconds', 'service', 'up', 'The slowest 5 % of responses take 1.230 s or more.'],
  ['no-predictions', 'traffic', 'service', 'down', 'No prediction was logged for 1 minute.'],
  [
    'refused-rows',
    'traffic',
    'service',
    'up',
    '63.0 % of the last 100 rows sent were refused. Most of them are not JSON.',
  ],
  ['low-confidence', 'confidence', 'quality', 'down', 'Mean confidence is 0.20 over 40 responses, below 0.50.'],
  ['constant-predictions', 'prediction', 'quality', 'changed', '99.0 % of 400 predictions are the same.'],
  ['unstable-answers', 'golden', 'model', 'changed', 'For the same input, the confidence varies by ±0.20.'],
  ['confidence-trend', 'confidence', 'quality', 'down', 'Confidence falls response by response.'],
  ['confidence-distribution', 'confidence', 'quality', 'down', 'Confidence moved from a mean of 0.8 to 0.7.'],
  ['golden-answers', 'golden', 'model', 'changed', '3 of 5 golden inputs get another response than before.'],
  ['answer-schema', 'schema', 'model', 'changed', 'Responses to golden inputs have other fields.'],
  ['numeric-drift', 'feature:age', 'data', 'up', '“age” moved from a mean of 38 to 45.'],
  ['categorical-drift', 'feature:income', 'data', 'changed', 'The mix of “income” changed.'],
  ['missing-values', 'feature:age', 'data', 'up', '“age” is missing in 12.0 % of 400 rows, before in 0.0 %.'],
  ['prediction-mix', 'prediction', 'data', 'changed', 'The mix of predictions changed.'],
  ['accuracy-drop', 'accuracy', 'quality', 'down', '70.0 % of 200 labelled predictions are right.'],
  ['calibration', 'confidence', 'quality', 'changed', 'Confidence misses the accuracy by 12.0 % on average.'],
  ['isolation-forest', 'rows', 'note', 'changed', '12.0 % of 400 rows are unusual.'],
].map(([detector, subject, kind, direction, sentence]) => ({ detector, subject, kind, direction, sentence }) as never);

const finding: fc.Arbitrary<Finding> = fc.constantFrom(...FINDINGS).map((found) => ({
  ...found,
  statistic: { name: 'ks', value: 0.2 },
  threshold: 0.1,
  pValue: null,
  effect: { measure: 'distance', value: 0.2, interval: null },
  statistics: [],
  before: null,
  now: null,
  window: { fromMs: 1, toMs: 2, samples: 40 },
  baselineSamples: null,
}));

const HINTS = [
  ['scale', 'looks multiplied by 100 (R² 0.998 over matched quantiles)'],
  ['default-value', 'is 0 in 40 % of the rows, before in 1 %'],
  ['frozen', 'is 38 in every row'],
  ['rename', 'has “alpha” where “a” was'],
  ['swap', 'and “income” look swapped'],
  ['rounding', 'looks rounded'],
  ['type-change', 'arrives as text (before, as a number)'],
] as const;

const feature = fc.record({
  feature: fc.constantFrom(...names),
  kind: fc.constantFrom('numeric' as const, 'categorical' as const),
  samples: count,
  distance: share,
  meanShift: maybe(fc.double({ min: -400, max: 400, noNaN: true })),
  spreadRatio: maybe(fc.double({ min: 0, max: 1_000, noNaN: true })),
  missingBefore: share,
  missingNow: share,
  absentNow: fc.constant(0),
  invalidBefore: share,
  invalidNow: share,
  unseenShare: share,
  reported: fc.boolean(),
  minusLog10P: fc.double({ min: 0, max: 300, noNaN: true }),
  changed: fc.boolean(),
  hint: maybe(
    fc.constantFrom(...HINTS).map(([transformation, claim]) => ({
      transformation,
      parameters: transformation === 'type-change' ? { from: 'a number', to: 'text' } : {},
      fit: 0.9,
      sinceMs: null,
      sentence: `“age” ${claim}.`,
    })),
  ),
});

/** The figures where they could be measured, null for each where not. */
function onlyIf<K extends string, V>(isMeasured: boolean, figures: Readonly<Record<K, V>>): Record<K, V | null>;
function onlyIf(isMeasured: boolean, figures: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return isMeasured ? figures : Object.fromEntries(Object.keys(figures).map((key) => [key, null]));
}

function decompositionOf(split: {
  readonly before: number;
  readonly now: number;
  readonly split: readonly number[];
}): Decomposition {
  const total = split.now - split.before;
  return {
    measure: 'accuracy',
    before: split.before,
    now: split.now,
    total,
    totalInterval: null,
    parts: DECOMPOSITION_PARTS.map((name, i) => ({ name, value: ((split.split[i] ?? 0) * total) / 5, interval: null })),
    remainder: total / 7,
    method: 'counts',
    interventional: false,
    effectiveRows: null,
  };
}

/** Detectors that compare with a baseline. */
const COMPARING: ReadonlySet<string> = new Set([
  'latency-regression',
  'confidence-distribution',
  'golden-answers',
  'answer-schema',
  'numeric-drift',
  'categorical-drift',
  'missing-values',
  'prediction-mix',
  'accuracy-drop',
  'calibration',
  'isolation-forest',
]);
/** What needs a baseline to compare with. */
const NOTHING_COMPARED = {
  missingTogether: null,
  mixExplains: null,
  answerBands: null,
  lostSegment: null,
  errorsBySegment: null,
  labelAssociation: null,
  exchangedLabels: null,
  sameHour: null,
  precisionLoss: null,
  swappedPair: null,
  labelledBefore: null,
};
const CERTIFICATE_ENDS = {
  detector: 'certificate-expiry',
  subject: 'certificate',
  kind: 'service',
  sentence: 'The certificate of the server ends in 4 days, on 2027-01-19 08:00 UTC.',
} as const;

/** Symptoms of any kind and size that fit together: what was not measured is null, and failures are among the calls. */
export const anySymptoms: fc.Arbitrary<Symptoms> = fc
  .record({
    calls: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100_000 })),
    failing: fc.oneof(fc.constantFrom(0, 1), share),
    reasons: fc.uniqueArray(fc.constantFrom(...FAILURE_REASONS), { minLength: 1, maxLength: 3 }),
    inBursts: fc.boolean(),
    found: fc.oneof(
      { weight: 30, arbitrary: fc.uniqueArray(finding, { maxLength: 4, selector: ({ detector }) => detector }) },
      { weight: 1, arbitrary: finding.map((one) => [{ ...one, ...CERTIFICATE_ENDS }]) },
    ),
    hasBaseline: fc.boolean(),
    features: fc.uniqueArray(feature, { maxLength: 2, selector: (one) => one.feature }),
    golden: fc.record({
      compared: fc.integer({ min: 0, max: 5 }),
      changed: share,
      shift: maybe(share),
      flips: maybe(share),
      shapeChanged: fc.boolean(),
    }),
    levels: fc.record({
      before: maybe(level),
      now: maybe(level),
      latencyBefore: maybe(level),
      latencyNow: maybe(level),
    }),
    lateness: maybe(fc.record({ lateBefore: counts, lateNow: counts })),
    labels: maybe(fc.record({ accuracyBefore: counts, accuracyNow: counts })),
    prediction: fc.record({
      topShare: share,
      topShareBefore: maybe(share),
      mixDistance: maybe(share),
      isQuantity: fc.boolean(),
    }),
    differential: fc.record({
      missingTogether: maybe(fc.record({ features: fc.constant([...names]), share })),
      mixExplains: maybe(fc.record({ feature: fc.constantFrom(...names), residual: share })),
      answerBands: maybe(fc.record({ unsure: share, sure: share })),
      failuresBySegment: maybe(segment),
      lostSegment: maybe(
        fc.record({
          features: fc.constant(['country']),
          predicate: fc.constant('country = DE'),
          before: share,
          now: share,
          restDistance: fc.double({ min: 0, max: 0.15, noNaN: true }),
        }),
      ),
      errorsBySegment: maybe(segment),
      exchangedLabels: maybe(
        fc.record({
          classes: fc.constantFrom(2, 3),
          asTheyStand: fc.constantFrom(proportion(20, 200), proportion(60, 200)),
          exchanged: fc.constantFrom(proportion(180, 200), proportion(200, 200)),
          followsInputs: fc.constantFrom(1, 1, 1, null),
        }),
      ),
      labelAssociation: maybe(fc.record({ feature: fc.constantFrom(...names), before: share, now: share })),
      sameHour: maybe(fc.record({ explained: share, baselineRows: count })),
      errorTrend: maybe(share),
      precisionLoss: maybe(
        fc.record({
          feature: fc.constantFrom(...names),
          kind: fc.constantFrom('rounded' as const, 'capped' as const),
          share,
          sentence: fc.constant(
            '“age” takes 8 distinct values where about 60 are usual: it looks rounded or truncated.',
          ),
        }),
      ),
      swappedPair: maybe(fc.record({ features: fc.constant([...names] as [string, string]), fit: share })),
      labelledBefore: maybe(share),
      labelledNow: maybe(share),
    }),
    decomposition: maybe(
      fc.record({ before: share, now: share, split: fc.array(share, { minLength: 5, maxLength: 5 }) }),
    ),
    changes: fc.array(
      fc.record({
        atMs: fc.constant(1),
        kind: fc.constantFrom(...CHANGE_KINDS),
        text: fc.constant('A release was declared.'),
      }),
      { maxLength: 1 },
    ),
    attributed: fc.array(share, { maxLength: 2 }),
    method: fc.constantFrom(
      'interventional-shapley' as const,
      'surrogate-shapley' as const,
      'segment-contrast' as const,
    ),
  })
  .map((given): Symptoms => {
    const failures = proportion(Math.round(given.failing * given.calls), given.calls);
    const answered = failures.count < failures.of;
    const { before, now, latencyBefore, latencyNow } = given.levels;
    const compared = given.hasBaseline ? given.golden.compared : 0;
    const goldenChanged = Math.round(given.golden.changed * compared);
    return {
      modelId: modelId('m'),
      atMs: 1_800_000_000_000,
      window: { fromMs: 1_800_000_000_000 - 60_000, toMs: 1_800_000_000_000, samples: given.calls },
      hasBaseline: given.hasBaseline,
      findings: given.found.filter(({ detector }) => given.hasBaseline || !COMPARING.has(detector)),
      service: {
        calls: given.calls,
        failures,
        failingSinceMs: null,
        failuresByReason: Object.fromEntries(
          failures.count === 0 ? [] : given.reasons.map((reason, i) => [reason, i === 0 ? failures.count : 0]),
        ),
        consecutiveFailures: answered ? 0 : failures.count,
        failuresInBursts: failures.count > 5 && answered ? given.inBursts : null,
        refusedAsBusy: null,
        said: null,
        callers: 'users',
        baselineErrorShare: given.hasBaseline ? 0.01 : null,
        ...onlyIf(given.hasBaseline, { latencyBefore }),
        ...onlyIf(answered, { latencyNow }),
        ...onlyIf(given.hasBaseline && answered, given.lateness ?? { lateBefore: null, lateNow: null }),
        lastAnswerAtMs: answered ? 1 : null,
      },
      golden: {
        inputs: given.golden.compared,
        compared,
        changed: goldenChanged,
        answersChanged: goldenChanged,
        confidencesMoved: goldenChanged,
        ...onlyIf(compared > 0, { confidenceShift: given.golden.shift, answerFlipShare: given.golden.flips }),
        confidenceSpread: null,
        shapeChanged: compared > 0 && given.golden.shapeChanged,
      },
      features: given.hasBaseline ? given.features : [],
      prediction: {
        samples: given.calls,
        distinct: 2,
        topShare: given.prediction.topShare,
        ...onlyIf(given.hasBaseline, {
          topShareBefore: given.prediction.topShareBefore,
          mixDistance: given.prediction.mixDistance,
        }),
        isQuantity: given.prediction.isQuantity,
      },
      confidence: {
        present: answered && now !== null,
        ...onlyIf(given.hasBaseline, { before }),
        ...onlyIf(answered, { now }),
        trend: null,
        firstQuarterMean: null,
        lastQuarterMean: null,
      },
      labels: {
        errorBefore: null,
        errorNow: null,
        accuracyBefore: given.hasBaseline ? (given.labels?.accuracyBefore ?? null) : null,
        accuracyNow: given.labels?.accuracyNow ?? null,
        calibrationErrorBefore: null,
        calibrationErrorNow: null,
      },
      segments: [],
      changes: given.changes,
      watched: true,
      changePoint: null,
      differential: given.hasBaseline ? given.differential : { ...given.differential, ...NOTHING_COMPARED },
      decomposition: given.decomposition === null ? null : decompositionOf(given.decomposition),
      attributions: given.attributed.map((value, i) => ({
        feature: names[i] ?? 'age',
        value,
        standardError: null,
        method: given.method,
      })),
      experiment: null,
      surrogate: null,
      blindSpots: [],
    };
  });
