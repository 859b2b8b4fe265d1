import type { Symptoms } from '../../domain/symptoms.js';
import { has, saidOf } from '../indicators/indicator.js';

/** Some check says that calls fail more than they may. */
export const callsFail = (symptoms: Symptoms): boolean =>
  has(symptoms, 'unreachable') || saidOf(symptoms, 'error-rate', 'errors') !== undefined;
