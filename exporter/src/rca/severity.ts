import type { CauseId } from '../domain/cause.js';
import type { Symptoms } from '../domain/symptoms.js';
import type { DetectorId, FindingSubject } from '../domain/finding.js';
import type { Impact } from '../domain/impact.js';
import type { Severity } from '../domain/severity.js';

export interface JudgedSeverity {
  readonly severity: Severity;
  /** One sentence. */
  readonly reason: string;
}

/** The model is fed what it was not made for, whether or not it shows yet. */
const PIPELINE_FAULTS: ReadonlySet<CauseId> = new Set([
  'unit-change',
  'null-flood',
  'default-values',
  'category-rename',
  'new-categories',
  'stale-feature',
  'join-loss',
  'swapped-columns',
  'precision-loss',
  'feature-leak',
  'segment-outage',
]);
/** Share of the answers that must be worse before it is called a drop. 0.05: the detectors' line for accuracy. */
const MATERIAL = 0.05;
/** The lower end of the interval must reach it, so that a window that fills does not cross it back and forth. */
const CRITICAL_ERROR_SHARE = 0.5;

/** Other requests than before, answered as before: harm is what it is measured or estimated to cost, nothing else. */
const OTHER_TRAFFIC: ReadonlySet<CauseId> = new Set(['traffic-mix-change', 'seasonal-pattern', 'input-drift']);

interface Look {
  readonly evidence: Symptoms;
  readonly cause: CauseId;
  readonly impact: Impact | null;
  readonly found: (...detectors: readonly DetectorId[]) => boolean;
}

/** The interval excludes zero and the estimate is no trifle. */
const materially = ({ impact }: Look, harm: Impact['harm'], basis?: Impact['basis']): boolean =>
  impact !== null &&
  impact.harm === harm &&
  (basis === undefined || impact.basis === basis) &&
  impact.share >= MATERIAL;
const confidenceLost = ({ confidence }: Symptoms): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.before.mean - confidence.now.mean;
const released = ({ changes }: Symptoms): boolean =>
  changes.some(({ kind }) => kind === 'model-version' || kind === 'deployment');
const sequentially = ({ findings }: Symptoms, wanted: FindingSubject): boolean =>
  findings.some(({ detector, subject }) => detector === 'sequential-evidence' && subject === wanted);
const cost = ({ impact }: Look, otherwise: string): string => impact?.sentence ?? otherwise;

interface Rule {
  readonly severity: Severity;
  readonly holds: (look: Look) => boolean;
  readonly reason: (look: Look) => string;
}

/** Worst first; the first that holds decides. */
const RULES: readonly Rule[] = [
  {
    severity: 'none',
    holds: ({ evidence, cause }) => evidence.findings.every(({ kind }) => kind === 'note') && cause !== 'label-delay',
    reason: () => 'No check found anything.',
  },
  {
    severity: 'critical',
    holds: ({ cause }) => cause === 'model-unreachable',
    reason: () => 'Users get no answers now.',
  },
  {
    severity: 'critical',
    holds: ({ evidence }) => evidence.service.failures.interval.low >= CRITICAL_ERROR_SHARE,
    reason: (look) => cost(look, 'Most calls fail now.'),
  },
  {
    severity: 'critical',
    holds: ({ found }) => found('constant-predictions'),
    reason: () => 'Users get the same answer whatever they ask.',
  },
  {
    severity: 'high',
    holds: ({ found }) => found('error-rate'),
    reason: (look) => cost(look, 'Calls fail more often than they may.'),
  },
  {
    severity: 'high',
    holds: (look) =>
      (look.found('accuracy-drop') || sequentially(look.evidence, 'accuracy')) && materially(look, 'wrong-answer'),
    reason: (look) => cost(look, 'Accuracy fell.'),
  },
  {
    severity: 'high',
    holds: ({ found, evidence }) => found('golden-answers') && !released(evidence),
    reason: (look) =>
      cost(look, 'Golden answers changed') + (look.impact === null ? ' and' : ' And') + ' no release was declared.',
  },
  {
    severity: 'medium',
    holds: (look) => OTHER_TRAFFIC.has(look.cause) && materially(look, 'wrong-answer'),
    reason: (look) => cost(look, ''),
  },
  {
    severity: 'low',
    holds: ({ cause }) => OTHER_TRAFFIC.has(cause) || cause === 'label-delay',
    reason: ({ cause }) =>
      cause === 'label-delay'
        ? 'Accuracy cannot be measured until labels come; nothing else is wrong.'
        : 'Inputs differ, with no sign so far that answers got worse.',
  },
  {
    severity: 'high',
    holds: ({ found, evidence }) => found('confidence-distribution') && confidenceLost(evidence) >= MATERIAL,
    reason: (look) => cost(look, 'Confidence fell.'),
  },
  {
    severity: 'high',
    holds: ({ found }) => found('low-confidence', 'confidence-trend', 'unstable-answers'),
    reason: () => 'The answers cannot be relied on.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('golden-answers', 'answer-schema'),
    reason: () => 'Answers changed with a declared release.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('calibration'),
    reason: () => 'Confidence no longer says how often answers are right.',
  },
  {
    severity: 'medium',
    holds: ({ found }) => found('latency-regression'),
    reason: (look) => cost(look, 'Users wait longer for answers.'),
  },
  { severity: 'medium', holds: ({ found }) => found('no-predictions'), reason: () => 'No predictions come any more.' },
  {
    severity: 'medium',
    holds: ({ found, cause }) => PIPELINE_FAULTS.has(cause) || found('prediction-mix'),
    reason: (look) => cost(look, 'The model is fed inputs it was not made for; its answers moved or will.'),
  },
  {
    severity: 'medium',
    holds: (look) => materially(look, 'wrong-answer', 'counted'),
    reason: (look) => cost(look, ''),
  },
  { severity: 'low', holds: () => true, reason: () => 'Inputs differ, with no sign so far that answers got worse.' },
];

/** How bad it is for users, judged by effect and never by a p-value (the scale: domain/severity.ts). */
export function judgeSeverity(evidence: Symptoms, cause: CauseId, impact: Impact | null): JudgedSeverity {
  const detectors = new Set(evidence.findings.map(({ detector }) => detector));
  const look: Look = {
    evidence,
    cause,
    impact,
    found: (...wanted) => wanted.some((detector) => detectors.has(detector)),
  };
  const rule = RULES.find(({ holds }) => holds(look));
  return { severity: rule?.severity ?? 'none', reason: rule?.reason(look) ?? '' };
}
