import { counted, wholePercent } from '../../domain/quantity-text.js';
import type { Symptoms } from '../../domain/symptoms.js';
import type { FailureReason } from '../../domain/observation.js';
import { noneAnswered } from '../causes/calls-fail.js';
import { mostFailFor } from '../causes/said-by-failures.js';
import { graded, has, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const shareOf = ({ service }: Symptoms, ...reasons: readonly FailureReason[]): number =>
  service.failures.count === 0
    ? 0
    : reasons.reduce((sum, reason) => sum + (service.failuresByReason[reason] ?? 0), 0) / service.failures.count;
const answered = ({ service: { failures } }: Symptoms): number => failures.of - failures.count;
const anyFails = ({ service }: Symptoms): boolean => service.failures.count > 0;
const ofFailures = (symptoms: Symptoms, ...reasons: readonly FailureReason[]): string =>
  wholePercent(shareOf(symptoms, ...reasons));

const ON_THE_WAY: readonly FailureReason[] = ['connect', 'dns', 'certificate', 'tls', 'not_http', 'blocked'];
/** Something listens, and says no. */
const ANSWERED_WITH_ERROR: readonly FailureReason[] = [
  'credentials',
  'not_found',
  'moved',
  'rate_limited',
  'payload_refused',
  'http_4xx',
  'http_5xx',
  'error_body',
  'no_answer',
  'schema',
  'not_json',
];

/** Whether calls are answered, and how they fail. */
export const SERVICE_INDICATORS: readonly Indicator[] = [
  {
    id: 'calls-fail',
    source: 'calls',
    value: (symptoms) => yes(has(symptoms, 'unreachable') || saidOf(symptoms, 'error-rate', 'errors') !== undefined),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'unreachable') || sentenceOf(symptoms, 'error-rate', 'errors'),
    whenFalse: ({ service: { failures } }) =>
      failures.count === failures.of
        ? ''
        : failures.count === 0
          ? 'Every call is answered.'
          : `${wholePercent(1 - failures.share)} of the calls are answered.`,
  },
  {
    id: 'no-answers-at-all',
    source: 'calls',
    value: (symptoms) => {
      const { failures, consecutiveFailures } = symptoms.service;
      return yes(failures.share >= 0.9 || consecutiveFailures >= 30 || noneAnswered(symptoms));
    },
    whenTrue: (symptoms) => {
      const { failures, consecutiveFailures } = symptoms.service;
      const lacks = mostFailFor(symptoms) === 'no_answer' ? 'got a usable prediction' : 'was answered';
      return consecutiveFailures > failures.count || failures.share < 0.9
        ? `None of the last ${consecutiveFailures} calls ${lacks}.`
        : failures.count === failures.of
          ? `None of the ${counted(failures.of, 'call')} ${lacks}.`
          : `${failures.count} of ${counted(failures.of, 'call')} failed.`;
    },
    whenFalse: ({ service: { failures } }) =>
      failures.of === 0 ? '' : `${wholePercent(1 - failures.share)} of the calls were answered.`,
  },
  {
    id: 'failures-in-bursts',
    source: 'calls',
    value: ({ service: { failuresInBursts } }) => known(failuresInBursts !== null, failuresInBursts === true),
    whenTrue: () =>
      'The failures come in bursts with answers between them, as from an overloaded or restarting server.',
    whenFalse: (symptoms) => (answered(symptoms) === 0 ? '' : 'The failures are spread over the calls, not in bursts.'),
  },
  {
    id: 'timeouts',
    source: 'calls',
    value: (symptoms) => known(anyFails(symptoms), shareOf(symptoms, 'timeout') >= 0.5),
    whenTrue: (symptoms) => `${ofFailures(symptoms, 'timeout')} of the failures are timeouts.`,
    whenFalse: (symptoms) =>
      shareOf(symptoms, 'timeout') > 0
        ? `Only ${ofFailures(symptoms, 'timeout')} of the failures are timeouts.`
        : // A connection that is not made has no time to run out: that says nothing.
          shareOf(symptoms, ...ON_THE_WAY) >= 0.5
          ? ''
          : 'The failing calls do not time out.',
  },
  {
    id: 'transport-failures',
    source: 'calls',
    value: (symptoms) => known(anyFails(symptoms), shareOf(symptoms, ...ON_THE_WAY) >= 0.5),
    whenTrue: (symptoms) =>
      `${ofFailures(symptoms, ...ON_THE_WAY)} of the failures happen on the way to the model, not in its code.`,
    // A call that times out does not show whether anything listens.
    whenFalse: (symptoms) =>
      answered(symptoms) > 0 || shareOf(symptoms, ...ANSWERED_WITH_ERROR) > 0
        ? 'Something listens at the address.'
        : '',
  },
  {
    id: 'server-errors',
    source: 'calls',
    value: (symptoms) => known(anyFails(symptoms), shareOf(symptoms, 'http_5xx') >= 0.5),
    whenTrue: (symptoms) =>
      `${ofFailures(symptoms, 'http_5xx')} of the failures are reported by the server itself (5xx).`,
    whenFalse: (symptoms) =>
      shareOf(symptoms, 'http_5xx') === 0
        ? 'The server reports no internal errors.'
        : `Only ${ofFailures(symptoms, 'http_5xx')} of the failures are errors of the server itself (5xx).`,
  },
  {
    id: 'server-says-busy',
    source: 'calls',
    value: ({ service: { refusedAsBusy: busy } }) => (busy === null ? 0 : graded(busy.share, 0.1, 0.5)),
    whenTrue: ({ service: { refusedAsBusy: busy } }) =>
      busy === null
        ? ''
        : `${busy.count} of ${counted(busy.of, 'error response')} say that the server is too busy (HTTP 429 or 503).`,
    whenFalse: () => 'The server does not say that it is too busy: it reports errors of its own.',
  },
  {
    id: 'unreadable-answers',
    source: 'calls',
    value: (symptoms) => known(anyFails(symptoms), shareOf(symptoms, 'schema', 'not_json') >= 0.5),
    whenTrue: ({ service: { failures, failuresByReason: by } }) =>
      `${(by.schema ?? 0) + (by.not_json ?? 0)} of ${counted(failures.of, 'call')} got a response that cannot be read as before.`,
    whenFalse: (symptoms) => (answered(symptoms) === 0 ? '' : 'The responses that arrive are valid.'),
  },
  {
    id: 'failures-in-one-group',
    source: 'calls',
    value: (symptoms) => known(symptoms.service.failures.count >= 8, symptoms.differential.failuresBySegment !== null),
    whenTrue: ({ differential: { failuresBySegment: group } }) =>
      group === null
        ? ''
        : `In ${group.predicate}, ${wholePercent(group.inside)} of the calls fail; elsewhere ${wholePercent(Math.max(0, group.outside))}.`,
    whenFalse: ({ features }) => (features.length === 0 ? '' : 'The failures are in no particular group of requests.'),
  },
  {
    id: 'slow',
    source: 'calls',
    value: (symptoms) => yes(saidOf(symptoms, 'latency-regression', 'latency_seconds')?.direction === 'up'),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'latency-regression', 'latency_seconds'),
    whenFalse: ({ service: { latencyBefore, latencyNow } }) =>
      latencyBefore === null || latencyNow === null ? '' : 'Responses are as fast as before.',
  },
];
