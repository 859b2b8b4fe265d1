import { familyOf, hasTrait, type CauseId } from '../domain/cause.js';
import type { ChangeEvent, Symptoms } from '../domain/symptoms.js';
import type { DetectorId, FindingSubject } from '../domain/finding.js';
import { isAboutAnswers } from '../domain/generation.js';
import type { Impact } from '../domain/impact.js';
import type { Severity } from '../domain/severity.js';
import { noneAnswered } from './causes/calls-fail.js';
import { mostFailFor } from './causes/said-by-failures.js';
import { arePredictionsSteady } from './causes/unstable-model.js';
import { errorGrowth } from './impact.js';
import { lostOfAnswers } from './indicators/indicator.js';
import { inputsWith } from './prediction-share.js';

export interface SeverityAssessment {
  readonly severity: Severity;
  /** One sentence. */
  readonly reason: string;
}

/** Share of the answers that must be worse before it is called a drop. 0.05: the detectors' threshold for accuracy. */
const MATERIAL_SHARE = 0.05;
/** Growth of the mean error of quantities that is called a drop of quality. */
const MATERIAL_GROWTH = 0.2;
/** One-sided 97.5 %. */
const Z = 1.96;
/** The lower end of the interval must reach it, so that a window that fills does not cross it back and forth. */
const CRITICAL_ERROR_SHARE = 0.5;

/** May be about the one who asks: another caller has other credentials, follows redirects, sends something else. */
const ONE_CALLER: ReadonlySet<CauseId> = new Set(['credentials-refused', 'endpoint-moved', 'payload-refused']);

interface SeverityInput {
  readonly symptoms: Symptoms;
  readonly cause: CauseId;
  readonly impact: Impact | null;
  readonly found: (...detectors: readonly DetectorId[]) => boolean;
}

/** The interval excludes zero and the estimate is no trifle. */
const materially = ({ impact }: SeverityInput, harm: Impact['harm'], basis?: Impact['basis']): boolean =>
  impact !== null &&
  impact.harm === harm &&
  (basis === undefined || impact.basis === basis) &&
  impact.share >= MATERIAL_SHARE;
const confidenceLost = ({ confidence }: Symptoms): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.before.mean - confidence.now.mean;
/** A change of the error of quantities is established, and it grew by more than this share, chance allowed for. */
const missesGrew = ({ symptoms }: SeverityInput, share: number): boolean =>
  sequentially(symptoms, 'error_size') && (errorGrowth(symptoms.labels)?.low(Z) ?? 0) > share;
/** Something was found of what goes into the model, not only of what comes out. */
const isAboutInputs = ({ findings }: Symptoms): boolean =>
  findings.some(
    ({ kind, subject }) =>
      kind === 'data' && subject !== 'prediction' && subject !== 'confidence' && !isAboutAnswers(subject),
  );
const releaseIn = ({ changes }: Symptoms): ChangeEvent | undefined =>
  changes.findLast(({ kind }) => kind === 'model-version' || kind === 'deployment');
/** Share of the responses that lack the prediction they had; 0 where that share did not rise. */
const withoutPrediction = ({ findings }: Symptoms): number =>
  findings.find(({ detector, subject }) => detector === 'missing-values' && subject === 'prediction')?.now ?? 0;
const released = (symptoms: Symptoms): boolean => releaseIn(symptoms) !== undefined;
/** Some releases are declared, others are read off the answers: which one it was says its own text. */
function responsesChanged(symptoms: Symptoms): string {
  const release = releaseIn(symptoms);
  if (release === undefined) return 'Responses changed, and no release was declared.';
  return `Responses changed with a release. ${release.text.replace(/[.!?]?$/, '.')}`;
}
const sequentially = ({ findings }: Symptoms, wanted: FindingSubject): boolean =>
  findings.some(({ detector, subject }) => detector === 'sequential-evidence' && subject === wanted);
/** Lateness is told as the reason of what is about lateness, and of nothing else. */
const cost = ({ impact }: SeverityInput, otherwise: string): string =>
  impact === null || impact.harm === 'late-answer' ? otherwise : impact.sentence;

/** Harm that is told apart from chance is said, however small; inputs are said to differ only where nothing but inputs did. */
const mild = ({ symptoms, impact }: SeverityInput): string =>
  impact?.sentence ??
  (isAboutInputs(symptoms) && symptoms.findings.every(({ kind }) => kind === 'data' || kind === 'note')
    ? 'Inputs differ, with no sign so far that predictions got worse.'
    : 'Something changed, with no sign so far that users are affected.');

function otherPredictions({ symptoms, cause }: SeverityInput): string {
  if (familyOf(cause) === 'model')
    return 'Users receive other predictions than before; whether they are worse is not known.';
  return familyOf(cause) === 'pipeline' || isAboutInputs(symptoms)
    ? 'The model receives inputs it was not trained for; its predictions may be affected.'
    : 'Predictions are distributed otherwise than before; whether they are worse is not known.';
}

interface Rule {
  readonly severity: Severity;
  readonly holds: (input: SeverityInput) => boolean;
  readonly reason: (input: SeverityInput) => string;
}

/** Worst first; the first that holds decides. */
const RULES: readonly Rule[] = [
  {
    severity: 'none',
    holds: ({ symptoms, cause }) => symptoms.findings.every(({ kind }) => kind === 'note') && cause !== 'label-delay',
    reason: () => 'No check found anything.',
  },
  {
    severity: 'high',
    holds: ({ cause, symptoms }) => ONE_CALLER.has(cause) && symptoms.service.callers === 'mlfi',
    reason: () => 'The calls of mlfi are refused; whether those of users are is not known.',
  },
  {
    severity: 'high',
    holds: ({ cause }) => cause === 'rate-limited',
    reason: (input) => cost(input, 'Calls above the limit get no prediction.'),
  },
  {
    severity: 'medium',
    holds: ({ cause }) => cause === 'certificate-expiring',
    reason: () => 'Nothing fails yet; when the certificate ends, every call will.',
  },
  {
    severity: 'critical',
    holds: ({ cause, symptoms }) => cause === 'error-in-answer' && mostFailFor(symptoms) === 'error_body',
    reason: (input) => cost(input, 'Users receive an error that looks like a prediction.'),
  },
  {
    severity: 'critical',
    holds: ({ cause, found, symptoms }) =>
      cause === 'model-unreachable' ||
      (hasTrait(cause, 'says-itself') && found('unreachable')) ||
      (familyOf(cause) === 'service' && noneAnswered(symptoms)),
    reason: () => 'Users receive no predictions.',
  },
  {
    severity: 'critical',
    holds: ({ symptoms }) => symptoms.service.failures.interval.low >= CRITICAL_ERROR_SHARE,
    reason: (input) => cost(input, 'Most calls fail.'),
  },
  {
    severity: 'critical',
    holds: ({ symptoms }) => withoutPrediction(symptoms) >= CRITICAL_ERROR_SHARE,
    reason: () => 'Most responses hold no prediction.',
  },
  {
    severity: 'critical',
    holds: ({ found }) => found('constant-predictions'),
    reason: ({ symptoms }) => `Users receive the same prediction for ${inputsWith(symptoms)}.`,
  },
  {
    severity: 'high',
    holds: ({ found }) => found('error-rate'),
    reason: (input) => cost(input, 'Calls fail more often than they may.'),
  },
  {
    severity: 'high',
    holds: ({ symptoms }) => withoutPrediction(symptoms) > 0,
    reason: () => 'More responses than before hold no prediction.',
  },
  {
    severity: 'medium',
    holds: ({ cause }) => cause === 'labels-wrong',
    reason: () => 'What labels say of the predictions cannot be believed before some are compared by hand.',
  },
  {
    severity: 'high',
    holds: (input) =>
      (input.found('accuracy-drop') || sequentially(input.symptoms, 'accuracy')) && materially(input, 'wrong-answer'),
    reason: (input) => cost(input, 'Accuracy fell.'),
  },
  {
    severity: 'high',
    holds: (input) => missesGrew(input, MATERIAL_GROWTH),
    reason: ({ symptoms }) => errorGrowth(symptoms.labels)?.sentence ?? '',
  },
  {
    severity: 'high',
    holds: ({ found, symptoms }) => found('golden-answers') && !released(symptoms),
    reason: (input) =>
      cost(input, 'Golden answers changed') + (input.impact === null ? ' and' : ' And') + ' no release was declared.',
  },
  {
    severity: 'medium',
    holds: (input) => familyOf(input.cause) === 'traffic' && materially(input, 'wrong-answer'),
    reason: (input) => cost(input, ''),
  },
  {
    severity: 'low',
    holds: ({ cause }) => familyOf(cause) === 'traffic' || cause === 'label-delay',
    reason: (input) =>
      input.cause === 'label-delay' ? 'Accuracy cannot be measured until labels arrive.' : mild(input),
  },
  {
    severity: 'high',
    holds: ({ found, symptoms }) => found('confidence-distribution') && confidenceLost(symptoms) >= MATERIAL_SHARE,
    reason: (input) => cost(input, 'Confidence fell.'),
  },
  {
    severity: 'high',
    holds: ({ found, symptoms }) => found('unstable-answers') && !arePredictionsSteady(symptoms),
    reason: () => 'The same input gets different predictions, so none can be relied on.',
  },
  {
    severity: 'high',
    holds: ({ found }) => found('low-confidence'),
    reason: () => 'The model itself is unsure of what it predicts.',
  },
  {
    severity: 'high',
    holds: ({ found }) => found('confidence-trend'),
    reason: () => 'Confidence keeps falling, response by response.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('golden-answers', 'answer-schema'),
    reason: ({ symptoms }) => responsesChanged(symptoms),
  },
  {
    severity: 'medium',
    holds: ({ symptoms }) => lostOfAnswers(symptoms) === 'confidence',
    reason: () => 'How sure the model is of its predictions is no longer said.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('unstable-answers'),
    reason: () => 'How sure the model is of a prediction changes from call to call; the prediction does not.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('calibration'),
    reason: () => 'Confidence no longer tells how often predictions are right.',
  },
  {
    severity: 'medium',
    // A changed input is what the pipeline's own rule below tells; lateness besides is a finding.
    holds: ({ found, cause }) => found('latency-regression') && familyOf(cause) !== 'pipeline',
    reason: ({ impact }) => impact?.sentence ?? 'Users wait longer for responses.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('no-predictions'),
    reason: () => 'No predictions arrive any more.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('refused-rows'),
    reason: () => 'Most of what is sent is refused, so the model is evaluated by the little that is left.',
  },
  {
    severity: 'medium',
    holds: ({ found, cause }) => familyOf(cause) === 'pipeline' || found('prediction-mix'),
    reason: (input) => cost(input, otherPredictions(input)),
  },
  {
    severity: 'medium',
    holds: (input) => materially(input, 'wrong-answer', 'counted'),
    reason: (input) => cost(input, ''),
  },
  {
    severity: 'medium',
    holds: (input) => missesGrew(input, 0),
    reason: ({ symptoms }) => errorGrowth(symptoms.labels)?.sentence ?? '',
  },
  { severity: 'low', holds: () => true, reason: mild },
];

/** How bad it is for users, by effect and never by a p-value (the scale: domain/severity.ts). */
export function assessSeverity(symptoms: Symptoms, cause: CauseId, impact: Impact | null): SeverityAssessment {
  const detectors = new Set(symptoms.findings.map(({ detector }) => detector));
  const input: SeverityInput = {
    symptoms,
    cause,
    impact,
    found: (...wanted) => wanted.some((detector) => detectors.has(detector)),
  };
  const rule = RULES.find(({ holds }) => holds(input));
  return { severity: rule?.severity ?? 'none', reason: rule?.reason(input) ?? '' };
}
