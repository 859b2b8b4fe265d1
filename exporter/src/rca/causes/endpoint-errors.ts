import { failureText } from '../../domain/observation.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { allAnsweredWithErrors, callsFail, noneAnswered } from './calls-fail.js';
import { saidByFailures } from './said-by-failures.js';

/**
 * The endpoint answers some calls and fails others, or answers each with an error.
 * Predicts: a share of the calls fails, spread evenly, while others are answered as ever; or all of them, with errors of the server.
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
    if (!callsFail(symptoms) || saidByFailures(symptoms) !== null) return [];
    if (allAnsweredWithErrors(symptoms)) {
      const how = service.said ?? `the server reports errors (${failureText('http_5xx')})`;
      // That no call gets a prediction counts as it does for a model that is down: what is told apart is a fact.
      return [plain(`Every call fails: ${how}`, { shareExplained: 1, weighedAs: 'model-unreachable' })];
    }
    if (service.failures.count === 0 || noneAnswered(symptoms)) return [];
    const listed = Object.entries(service.failuresByReason)
      .sort(([, a], [, b]) => b - a)
      .map(([reason]) => failureText(reason));
    const { said } = service;
    return [plain(`Endpoint errors (${said !== null && listed.length === 1 ? said : listed.slice(0, 2).join(', ')})`)];
  },
};
