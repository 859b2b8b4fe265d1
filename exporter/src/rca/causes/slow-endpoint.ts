import { plain, type CauseDefinition } from './cause-definition.js';
import { saidOf } from '../signs/sign.js';

/** Answers come, but late. */
export const slowEndpoint: CauseDefinition = {
  id: 'slow-endpoint',
  predicts: 'latency rises while answers stay the same',
  telling: ['slow'],
  hypotheses(evidence) {
    return saidOf(evidence, 'latency-regression', 'latency_seconds')?.direction === 'up'
      ? [plain('Slow endpoint')]
      : [];
  },
};
