import type { Evidence } from '../../domain/evidence.js';
import type { FailureReason } from '../../domain/observation.js';
import { graded, has, percent, saidOf, sentenceOf, told, yes, type Sign } from './sign.js';

const shareOf = ({ service }: Evidence, ...reasons: readonly FailureReason[]): number =>
  service.failures.count === 0
    ? 0
    : reasons.reduce((sum, reason) => sum + (service.failuresByReason[reason] ?? 0), 0) / service.failures.count;
const anyFails = ({ service }: Evidence): boolean => service.failures.count > 0;
const ofFailures = (evidence: Evidence, ...reasons: readonly FailureReason[]): string =>
  percent(shareOf(evidence, ...reasons));

/** Whether calls are answered, and how they fail. */
export const SERVICE_SIGNS: readonly Sign[] = [
  {
    id: 'calls-fail',
    source: 'calls',
    value: (evidence) => yes(has(evidence, 'unreachable') || saidOf(evidence, 'error-rate', 'errors') !== undefined),
    holds: (evidence) => sentenceOf(evidence, 'unreachable') || sentenceOf(evidence, 'error-rate', 'errors'),
    fails: () => 'Calls are answered.',
  },
  {
    id: 'no-answers-at-all',
    source: 'calls',
    value: ({ service }) => yes(service.failures.share >= 0.9 || service.consecutiveFailures >= 30),
    holds: ({ service }) => `${service.failures.count} of ${service.failures.of} calls failed.`,
    fails: ({ service }) => `${percent(1 - service.failures.share)} of the calls were answered.`,
  },
  {
    id: 'failures-in-bursts',
    source: 'calls',
    value: (evidence) => told(evidence.service.failures.count >= 5, evidence.service.failuresInBursts),
    holds: () => 'The failures come in bursts with answers between them, as from an overloaded or restarting server.',
    fails: () => 'The failures are spread evenly over the calls.',
  },
  {
    id: 'timeouts',
    source: 'calls',
    value: (evidence) => told(anyFails(evidence), shareOf(evidence, 'timeout') >= 0.5),
    holds: (evidence) => `${ofFailures(evidence, 'timeout')} of the failures are timeouts.`,
    fails: () => 'The failing calls do not time out.',
  },
  {
    id: 'transport-failures',
    source: 'calls',
    value: (evidence) => told(anyFails(evidence), shareOf(evidence, 'connect', 'dns', 'tls', 'blocked') >= 0.5),
    holds: (evidence) =>
      `${ofFailures(evidence, 'connect', 'dns', 'tls', 'blocked')} of the failures are of the transport, not of the model's code.`,
    fails: () => 'Something listens at the address.',
  },
  {
    id: 'server-errors',
    source: 'calls',
    value: (evidence) => told(anyFails(evidence), shareOf(evidence, 'http_5xx') >= 0.5),
    holds: (evidence) => `${ofFailures(evidence, 'http_5xx')} of the failures are reported by the server itself (5xx).`,
    fails: () => 'The server reports no internal errors.',
  },
  {
    id: 'server-says-busy',
    source: 'calls',
    value: ({ service: { refusedAsBusy: busy } }) => (busy === null ? 0 : graded(busy.share, 0.1, 0.5)),
    holds: ({ service: { refusedAsBusy: busy } }) =>
      busy === null
        ? ''
        : `${busy.count} of ${busy.of} error answers say that the server is too busy (HTTP 429 or 503).`,
    fails: () => 'The server does not say that it is too busy: it reports errors of its own.',
  },
  {
    id: 'unreadable-answers',
    source: 'calls',
    value: (evidence) => told(anyFails(evidence), shareOf(evidence, 'schema', 'not_json') >= 0.5),
    holds: (evidence) =>
      `${ofFailures(evidence, 'schema', 'not_json')} of the failures are answers that cannot be read as before.`,
    fails: () => 'The answers that come can be read.',
  },
  {
    id: 'failures-in-one-group',
    source: 'calls',
    value: (evidence) => told(evidence.service.failures.count >= 8, evidence.contrast.failuresBySegment !== null),
    holds: ({ contrast: { failuresBySegment: group } }) =>
      group === null
        ? ''
        : `In ${group.predicate}, ${percent(group.inside)} of the calls fail; elsewhere ${percent(Math.max(0, group.outside))}.`,
    fails: () => 'The failures are in no particular group of requests.',
  },
  {
    id: 'slow',
    source: 'calls',
    value: (evidence) => yes(saidOf(evidence, 'latency-regression', 'latency_seconds')?.direction === 'up'),
    holds: (evidence) => sentenceOf(evidence, 'latency-regression', 'latency_seconds'),
    fails: () => 'Answers come as fast as ever.',
  },
];
