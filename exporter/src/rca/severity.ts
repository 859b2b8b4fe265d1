import type { CauseId } from '../domain/cause.js';
import type { Evidence } from '../domain/evidence.js';
import type { DetectorId } from '../domain/finding.js';
import type { Severity } from '../domain/severity.js';

export interface JudgedSeverity {
  readonly severity: Severity;
  /** One sentence. */
  readonly reason: string;
}

const MATERIAL_CONFIDENCE = 0.05;
const MATERIAL_ACCURACY = 0.05;
const CRITICAL_ERROR_SHARE = 0.5;

interface Look {
  readonly evidence: Evidence;
  readonly cause: CauseId;
  readonly found: (...detectors: readonly DetectorId[]) => boolean;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const accuracyLost = ({ labels }: Evidence): number =>
  (labels.accuracyBefore?.share ?? 0) - (labels.accuracyNow?.share ?? 0);
const confidenceLost = ({ confidence }: Evidence): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.before.mean - confidence.now.mean;
const released = ({ changes }: Evidence): boolean =>
  changes.some(({ kind }) => kind === 'model-version' || kind === 'deployment');

interface Rule {
  readonly severity: Severity;
  readonly holds: (look: Look) => boolean;
  readonly reason: (evidence: Evidence) => string;
}

/** Worst first; the first that holds decides. */
const RULES: readonly Rule[] = [
  {
    severity: 'none',
    holds: ({ evidence }) => evidence.findings.every(({ kind }) => kind === 'note'),
    reason: () => 'No check found anything.',
  },
  {
    severity: 'critical',
    holds: ({ cause }) => cause === 'model-unreachable',
    reason: () => 'Users get no answers now.',
  },
  {
    severity: 'critical',
    holds: ({ evidence }) => evidence.service.failures.share >= CRITICAL_ERROR_SHARE,
    reason: ({ service }) => `${percent(service.failures.share)} of the calls fail now.`,
  },
  {
    severity: 'critical',
    holds: ({ found }) => found('constant-predictions'),
    reason: () => 'Users get the same answer whatever they ask.',
  },
  {
    severity: 'high',
    holds: ({ found }) => found('error-rate'),
    reason: ({ service }) => `${percent(service.failures.share)} of the calls fail.`,
  },
  {
    severity: 'high',
    holds: ({ found, evidence }) => found('accuracy-drop') && accuracyLost(evidence) >= MATERIAL_ACCURACY,
    reason: (evidence) => `Accuracy fell by ${(100 * accuracyLost(evidence)).toFixed(1)} points.`,
  },
  {
    severity: 'high',
    holds: ({ found, evidence }) => found('golden-answers') && !released(evidence),
    reason: () => 'Golden answers changed and no release was declared.',
  },
  {
    severity: 'high',
    holds: ({ found, evidence }) => found('confidence-distribution') && confidenceLost(evidence) >= MATERIAL_CONFIDENCE,
    reason: ({ confidence }) =>
      `Confidence fell from ${confidence.before?.mean.toFixed(2) ?? ''} to ${confidence.now?.mean.toFixed(2) ?? ''}.`,
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
    reason: () => 'Users wait longer for answers.',
  },
  { severity: 'medium', holds: ({ found }) => found('no-predictions'), reason: () => 'No predictions come any more.' },
  {
    severity: 'medium',
    holds: ({ found, cause }) =>
      ['unit-change', 'null-flood', 'new-categories'].includes(cause) || found('prediction-mix'),
    reason: () => 'The model is fed inputs it was not made for; its answers moved or will.',
  },
  { severity: 'low', holds: () => true, reason: () => 'Inputs differ, with no sign so far that answers got worse.' },
];

/** How bad it is for users, judged by effect and never by a p-value (the scale: domain/severity.ts). */
export function judgeSeverity(evidence: Evidence, cause: CauseId): JudgedSeverity {
  const detectors = new Set(evidence.findings.map(({ detector }) => detector));
  const look: Look = { evidence, cause, found: (...wanted) => wanted.some((detector) => detectors.has(detector)) };
  const rule = RULES.find(({ holds }) => holds(look));
  return { severity: rule?.severity ?? 'none', reason: rule?.reason(evidence) ?? '' };
}
