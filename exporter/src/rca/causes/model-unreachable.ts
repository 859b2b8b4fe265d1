import { has, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

const WORDS: Readonly<Record<string, string>> = {
  timeout: 'it does not answer in time',
  connect: 'nothing listens at its address',
  dns: 'its host name cannot be resolved',
  tls: 'the encrypted connection cannot be made',
  http_5xx: 'it answers every call with a server error',
  http_4xx: 'it refuses every call',
  blocked: 'the egress policy forbids calling it',
};

/** Users get no answer at all. */
export const modelUnreachable: CauseDefinition = {
  id: 'model-unreachable',
  predicts: 'every recent call fails, for one and the same reason',
  prior: -2,
  hypotheses(evidence) {
    const { service } = evidence;
    if (!has(evidence, 'unreachable')) return [];
    const [reason, count] = Object.entries(service.failuresByReason).sort(([, a], [, b]) => b - a)[0] ?? ['unknown', 0];
    const transport = ['timeout', 'connect', 'dns', 'tls', 'blocked'].includes(reason);
    return [
      {
        title: `Model unreachable: ${WORDS[reason] ?? 'its answers are unusable'}`,
        features: [],
        shareExplained: 1,
        statements: weigh(
          [true, sentenceOf(evidence, 'unreachable'), 6],
          [
            transport,
            `${count} failures are of the transport (${reason}), not of the model's code.`,
            2,
            [`The failures are answers of the server (${reason}), so something listens there.`, -1],
          ],
          [
            service.failures.share < 0.9 && !service.failuresInBursts,
            `${((1 - service.failures.share) * 100).toFixed(0)} % of the window's calls were answered.`,
            -1,
          ],
          [
            service.failuresInBursts && service.failures.share < 0.9,
            'Failures come in bursts with answers between them.',
            -4,
          ],
        ),
      },
    ];
  },
};
