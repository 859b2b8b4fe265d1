import type { Symptoms } from '../../domain/symptoms.js';
import { has, saidOf } from '../indicators/indicator.js';

/** Some check says that calls fail more than they may. */
export const callsFail = (evidence: Symptoms): boolean =>
  has(evidence, 'unreachable') || saidOf(evidence, 'error-rate', 'errors') !== undefined;
