import type { Symptoms } from '../../domain/symptoms.js';
import type { FailureReason } from '../../domain/observation.js';
import { graded, has, percent, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const shareOf = ({ service }: Symptoms, ...reasons: readonly FailureReason[]): number =>
  service.failures.count === 0
    ? 0
    : reasons.reduce((sum, reason) => sum + (service.failuresByReason[reason] ?? 0), 0) / service.failures.count;
const anyFails = ({ service }: Symptoms): boolean => service.failures.count > 0;
const ofFailures = (evidence: Symptoms, ...reasons: readonly FailureReason[]): string =>
  percent(shareOf(evidence, ...reasons));

/** Whether calls are answered, and how they fail. */
export const SERVICE_INDICATORS: readonly Indicator[] = [
  {
    id: 'calls-fail',
    source: 'calls',
    value: (evidence) => yes(has(evidence, 'unreachable') || saidOf(evidence, 'error-rate', 'errors') !== undefined),
    whenTrue: (evidence) => sentenceOf(evidence, 'unreachable') || sentenceOf(evidence, 'error-rate', 'errors'),
    whenFalse: () => 'Calls are answered.',
  },
  {
    id: 'no-answers-at-all',
    source: 'calls',
    value: ({ service }) => yes(service.failures.share >= 0.9 || service.consecutiveFailures >= 30),
    whenTrue: ({ service }) => `${service.failures.count} of ${service.failures.of} calls failed.`,
    whenFalse: ({ service }) => `${percent(1 - service.failures.share)} of the calls were answered.`,
  },
  {
    id: 'failures-in-bursts',
    source: 'calls',
    value: (evidence) => known(evidence.service.failures.count >= 5, evidence.service.failuresInBursts),
    whenTrue: () =>
      'The failures come in bursts with answers between them, as from an overloaded or restarting server.',
    whenFalse: () => 'The failures are spread evenly over the calls.',
  },
  {
    id: 'timeouts',
    source: 'calls',
    value: (evidence) => known(anyFails(evidence), shareOf(evidence, 'timeout') >= 0.5),
    whenTrue: (evidence) => `${ofFailures(evidence, 'timeout')} of the failures are timeouts.`,
    whenFalse: () => 'The failing calls do not time out.',
  },
  {
    id: 'transport-failures',
    source: 'calls',
    value: (evidence) => known(anyFails(evidence), shareOf(evidence, 'connect', 'dns', 'tls', 'blocked') >= 0.5),
    whenTrue: (evidence) =>
      `${ofFailures(evidence, 'connect', 'dns', 'tls', 'blocked')} of the failures are of the transport, not of the model's code.`,
    whenFalse: () => 'Something listens at the address.',
  },
  {
    id: 'server-errors',
    source: 'calls',
    value: (evidence) => known(anyFails(evidence), shareOf(evidence, 'http_5xx') >= 0.5),
    whenTrue: (evidence) =>
      `${ofFailures(evidence, 'http_5xx')} of the failures are reported by the server itself (5xx).`,
    whenFalse: () => 'The server reports no internal errors.',
  },
  {
    id: 'server-says-busy',
    source: 'calls',
    value: ({ service: { refusedAsBusy: busy } }) => (busy === null ? 0 : graded(busy.share, 0.1, 0.5)),
    whenTrue: ({ service: { refusedAsBusy: busy } }) =>
      busy === null
        ? ''
        : `${busy.count} of ${busy.of} error answers say that the server is too busy (HTTP 429 or 503).`,
    whenFalse: () => 'The server does not say that it is too busy: it reports errors of its own.',
  },
  {
    id: 'unreadable-answers',
    source: 'calls',
    value: (evidence) => known(anyFails(evidence), shareOf(evidence, 'schema', 'not_json') >= 0.5),
    whenTrue: (evidence) =>
      `${ofFailures(evidence, 'schema', 'not_json')} of the failures are answers that cannot be read as before.`,
    whenFalse: () => 'The answers that come can be read.',
  },
  {
    id: 'failures-in-one-group',
    source: 'calls',
    value: (evidence) => known(evidence.service.failures.count >= 8, evidence.differential.failuresBySegment !== null),
    whenTrue: ({ differential: { failuresBySegment: group } }) =>
      group === null
        ? ''
        : `In ${group.predicate}, ${percent(group.inside)} of the calls fail; elsewhere ${percent(Math.max(0, group.outside))}.`,
    whenFalse: () => 'The failures are in no particular group of requests.',
  },
  {
    id: 'slow',
    source: 'calls',
    value: (evidence) => yes(saidOf(evidence, 'latency-regression', 'latency_seconds')?.direction === 'up'),
    whenTrue: (evidence) => sentenceOf(evidence, 'latency-regression', 'latency_seconds'),
    whenFalse: () => 'Answers come as fast as ever.',
  },
];
