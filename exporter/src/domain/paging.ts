import type { AlertEvidence } from './alert-evidence.js';
import type { Finding } from './finding.js';
import type { Severity } from './severity.js';

/**
 * Which levels of an open incident people are called for. Only an incident pages: metrics, alert rules and API ask here, so
 * that nothing else calls anybody about a model's health.
 */
export const PAGING_SEVERITIES: readonly Severity[] = ['high', 'critical'];

/** Whether an open incident calls people now; one of a paused model calls nobody. */
export const pagesPeople = (severity: Severity): boolean => PAGING_SEVERITIES.includes(severity);

/** Findings that state a fact rather than a statistical claim: nothing answers, a certificate ends, nothing comes, what comes is refused, the same question is answered differently, no label ever equals a prediction. */
const FACTS: ReadonlySet<Finding['detector']> = new Set([
  'unreachable',
  'certificate-expiry',
  'no-predictions',
  'refused-rows',
  'labels-never-match',
  'golden-answers',
  'answer-schema',
]);

/**
 * Whether a model may open an incident now. While it is learnt, absolute rules decide, for there is nothing to compare
 * with. Once it is watched, only facts and evidence past the line of the false-page budget do; everything else is shown
 * and waits.
 * @param criticalErrorShare error share at which failing is a fact
 */
export function mayPage(
  evidence: AlertEvidence | null,
  findings: readonly Finding[],
  criticalErrorShare: number,
): boolean {
  if (evidence === null || evidence.verdict === 'learning') return true;
  if (evidence.verdict === 'alarm' && !evidence.recovered) return true;
  return showFact(findings, criticalErrorShare);
}

/** Whether the findings hold a fact, which pages however much evidence the line asks for. */
export function showFact(findings: readonly Finding[], criticalErrorShare: number): boolean {
  return findings.some(
    ({ detector, statistic }) =>
      FACTS.has(detector) || (detector === 'error-rate' && statistic.value >= criticalErrorShare),
  );
}
