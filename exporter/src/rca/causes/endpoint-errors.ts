import { has, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

/** The endpoint answers some calls and fails others. */
export const endpointErrors: CauseDefinition = {
  id: 'endpoint-errors',
  predicts: 'a share of the calls fails while others are answered as ever',
  prior: -2,
  hypotheses(evidence) {
    const { service } = evidence;
    if (service.failures.count === 0 || !(has(evidence, 'error-rate') || has(evidence, 'unreachable'))) return [];
    const listed = Object.entries(service.failuresByReason).sort(([, a], [, b]) => b - a);
    const some = service.failures.share < 0.95;
    return [
      {
        title: `Endpoint errors (${listed
          .map(([reason]) => reason.replace('_', ' '))
          .slice(0, 2)
          .join(', ')})`,
        features: [],
        shareExplained: null,
        statements: weigh(
          [has(evidence, 'error-rate'), sentenceOf(evidence, 'error-rate'), 4],
          [service.failuresInBursts, 'The failures come in bursts, as from an overloaded or restarting server.', 3],
          [
            some,
            'Other calls in the same window were answered.',
            1,
            ['No call was answered: that is worse than errors.', -3],
          ],
          [listed.some(([reason]) => reason === 'http_5xx'), 'The server itself reports internal errors (5xx).', 1],
        ),
      },
    ];
  },
};
