import { plain, type CauseDefinition } from './cause-definition.js';
import { saidOf } from '../indicators/indicator.js';

/** Answers come, but late. Predicts: latency rises while answers stay the same. */
export const slowEndpoint: CauseDefinition = {
  id: 'slow-endpoint',
  leadIndicators: ['slow'],
  expects: [],
  excludes: ['calls-fail', 'timeouts'],
  hypotheses(symptoms) {
    return saidOf(symptoms, 'latency-regression', 'latency_seconds')?.direction === 'up'
      ? [plain('Slow endpoint')]
      : [];
  },
};
