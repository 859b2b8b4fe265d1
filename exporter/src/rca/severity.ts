import type { CauseId } from '../domain/cause.js';
import type { Evidence } from '../domain/evidence.js';
import type { Severity } from '../domain/severity.js';

export interface JudgedSeverity {
  readonly severity: Severity;
  /** One sentence. */
  readonly reason: string;
}

const MATERIAL_CONFIDENCE = 0.05;
const MATERIAL_ACCURACY = 0.05;
const CRITICAL_ERROR_SHARE = 0.5;

/** How bad it is for users, judged by effect and never by a p-value (docs: Severity in domain/severity.ts). */
export function judgeSeverity(evidence: Evidence, cause: CauseId): JudgedSeverity {
  const { service, findings, confidence, labels } = evidence;
  const found = new Set(findings.map(({ detector }) => detector));
  if (findings.length === 0) return { severity: 'none', reason: 'No check found anything.' };
  if (cause === 'model-unreachable') return { severity: 'critical', reason: 'Users get no answers now.' };
  if (service.failures.share >= CRITICAL_ERROR_SHARE) {
    return { severity: 'critical', reason: `${(100 * service.failures.share).toFixed(0)} % of the calls fail now.` };
  }
  if (found.has('constant-predictions'))
    return { severity: 'critical', reason: 'Users get the same answer whatever they ask.' };
  if (found.has('error-rate'))
    return { severity: 'high', reason: `${(100 * service.failures.share).toFixed(1)} % of the calls fail.` };
  const accuracyLost = (labels.accuracyBefore?.share ?? 0) - (labels.accuracyNow?.share ?? 0);
  if (found.has('accuracy-drop') && accuracyLost >= MATERIAL_ACCURACY) {
    return { severity: 'high', reason: `Accuracy fell by ${(100 * accuracyLost).toFixed(1)} points.` };
  }
  if (
    found.has('golden-answers') &&
    !evidence.changes.some(({ kind }) => kind === 'model-version' || kind === 'deployment')
  ) {
    return { severity: 'high', reason: 'Golden answers changed and no release was declared.' };
  }
  const confidenceLost =
    confidence.before !== null && confidence.now !== null ? confidence.before.mean - confidence.now.mean : 0;
  if (found.has('confidence-distribution') && confidenceLost >= MATERIAL_CONFIDENCE) {
    return {
      severity: 'high',
      reason: `Confidence fell from ${confidence.before?.mean.toFixed(2) ?? ''} to ${confidence.now?.mean.toFixed(2) ?? ''}.`,
    };
  }
  if (
    ['low-confidence', 'confidence-trend', 'unstable-answers'].some((detector) =>
      found.has(detector as (typeof findings)[number]['detector']),
    )
  ) {
    return { severity: 'high', reason: 'The answers cannot be relied on.' };
  }
  if (found.has('calibration'))
    return { severity: 'medium', reason: 'Confidence no longer says how often answers are right.' };
  if (found.has('latency-regression') || found.has('no-predictions'))
    return { severity: 'medium', reason: 'Users wait longer, or no longer come.' };
  const costly = ['unit-change', 'null-flood', 'new-categories'].includes(cause) || found.has('prediction-mix');
  if (costly)
    return { severity: 'medium', reason: 'The model is fed inputs it was not made for; its answers moved or will.' };
  return { severity: 'low', reason: 'Inputs differ, with no sign so far that answers got worse.' };
}
