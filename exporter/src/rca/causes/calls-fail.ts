import type { Evidence } from '../../domain/evidence.js';
import { has, saidOf } from '../signs/sign.js';

/** Some check says that calls fail more than they may. */
export const callsFail = (evidence: Evidence): boolean =>
  has(evidence, 'unreachable') || saidOf(evidence, 'error-rate', 'errors') !== undefined;
