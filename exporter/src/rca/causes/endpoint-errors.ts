import { failureText } from '../../domain/observation.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { callsFail, noneAnswered } from './calls-fail.js';
import { saidByFailures } from './said-by-failures.js';

/**
 * The endpoint answers some calls and fails others.
 * Predicts: a share of the calls fails, spread evenly, while others are answered as ever.
 */
export const endpointErrors: CauseDefinition = {
  id: 'endpoint-errors',
  leadIndicators: ['calls-fail', 'server-errors'],
  expects: [],
  excludes: [
    'no-answers-at-all',
    'failures-in-bursts',
    'timeouts',
    'server-says-busy',
    'unreadable-answers',
    'failures-in-one-group',
    'transport-failures',
    'slow',
  ],
  hypotheses(symptoms) {
    const { service } = symptoms;
    if (service.failures.count === 0 || !callsFail(symptoms) || saidByFailures(symptoms) !== null) return [];
    if (noneAnswered(symptoms)) return [];
    const listed = Object.entries(service.failuresByReason)
      .sort(([, a], [, b]) => b - a)
      .map(([reason]) => failureText(reason));
    return [plain(`Endpoint errors (${listed.slice(0, 2).join(', ')})`)];
  },
};
