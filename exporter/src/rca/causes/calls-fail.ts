import type { Symptoms } from '../../domain/symptoms.js';
import { has, saidOf } from '../indicators/indicator.js';

/** Some check says that calls fail more than they may. */
export const callsFail = (symptoms: Symptoms): boolean =>
  has(symptoms, 'unreachable') || saidOf(symptoms, 'error-rate', 'errors') !== undefined;

/** Failing calls before an outage that leave no doubt about it, as a share, and the chance that so many in a row are of those. */
const FEW_FAILURES = 0.02;
const CHANCE = 1e-6;

/**
 * No call was answered since they began to fail, but for few that failed before: that is more than some of them failing, however little
 * of it a window has seen.
 */
export const noneAnswered = (symptoms: Symptoms): boolean => {
  const { consecutiveFailures, failures } = symptoms.service;
  if (!has(symptoms, 'unreachable')) return false;
  if (consecutiveFailures >= failures.count) return true;
  const before = (failures.count - consecutiveFailures + 1) / (failures.of - consecutiveFailures + 2);
  return before <= FEW_FAILURES && before ** consecutiveFailures < CHANCE;
};

/** Share of the failures that must be errors of the server, for no call to be without an answer. */
const NEARLY_ALL = 0.9;

/** No call gets a prediction, and something is there that answers them: with errors of its own. */
export const allAnsweredWithErrors = (symptoms: Symptoms): boolean => {
  const { failures, failuresByReason } = symptoms.service;
  return noneAnswered(symptoms) && (failuresByReason.http_5xx ?? 0) >= NEARLY_ALL * Math.max(1, failures.count);
};
