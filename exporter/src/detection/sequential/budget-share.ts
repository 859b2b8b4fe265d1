import type { FindingSubject } from '../../domain/finding.js';

/** Signals about the model's service and answers; together they may use half of the budget, the features the other half. */
const OUTCOMES: readonly FindingSubject[] = [
  'errors',
  'confidence',
  'latency_seconds',
  'prediction',
  'golden',
  'accuracy',
  'error_size',
  'rows',
  'schema',
];
const OUTCOME_SHARE = 0.5;

/** Part of a model's false-page budget that one of its signals may use; all parts together are at most 1. */
export function budgetShare(subject: FindingSubject, features: number): number {
  if (subject.startsWith('feature:')) return (1 - OUTCOME_SHARE) / Math.max(1, features);
  return (features === 0 ? 1 : OUTCOME_SHARE) / OUTCOMES.length;
}
