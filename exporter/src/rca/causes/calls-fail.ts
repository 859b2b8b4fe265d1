import type { Symptoms } from '../../domain/symptoms.js';
import { has, saidOf } from '../indicators/indicator.js';

/** Some check says that calls fail more than they may. */
export const callsFail = (symptoms: Symptoms): boolean =>
  has(symptoms, 'unreachable') || saidOf(symptoms, 'error-rate', 'errors') !== undefined;

/** No call was answered since they began to fail: that is more than some of them failing, however little of it a window has seen. */
export const noneAnswered = (symptoms: Symptoms): boolean => {
  const { consecutiveFailures, failures } = symptoms.service;
  return has(symptoms, 'unreachable') && consecutiveFailures >= failures.count;
};
