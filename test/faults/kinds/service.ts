import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Random } from '../../../exporter/src/domain/ports.js';
import { between, pick, truth, type FaultKind, type Injection } from '../fault.js';

/** A share of the calls fails with a server error, by chance or in runs; the log keeps the status mostly. */
function serverErrors(low: number, high: number, random: Random): Injection {
  const share = between(low, high, random);
  const status = pick([500, 500, 502, null], random);
  const length = random.next() < 0.4 ? Math.floor(between(6, 14, random)) : null;
  // Runs of failures without a status look like a server that comes and goes for whatever reason.
  const alsoRight: readonly CauseId[] = status === null && length !== null ? ['overloaded-endpoint'] : [];
  return {
    truth: truth('endpoint-errors', { alsoRight }),
    ...(status === null ? {} : { failureStatus: status }),
    failure: ({ index, random: chance }) =>
      (length === null ? chance.next() < share : index % length < Math.round(share * length)) ? 'http_5xx' : null,
  };
}

/** Users get no answer, or a late one. */
export const SERVICE_FAULTS: readonly FaultKind[] = [
  {
    id: 'latency regression',
    draw: (_, random) => ({ truth: truth('slow-endpoint'), latencyFactor: between(2.5, 10, random) }),
  },
  {
    id: 'timeouts in bursts',
    draw: (_, random) => {
      const length = Math.floor(between(6, 15, random));
      const gap = Math.floor(between(20, 45, random));
      return {
        truth: truth('overloaded-endpoint'),
        latencyFactor: between(1, 2.5, random),
        failure: ({ index }) => (index % (length + gap) < length ? 'timeout' : null),
      };
    },
  },
  {
    id: 'refusals in bursts (503)',
    draw: (_, random) => {
      const length = Math.floor(between(5, 12, random));
      const gap = Math.floor(between(10, 30, random));
      return {
        truth: truth('overloaded-endpoint'),
        failureStatus: 503,
        latencyFactor: between(1, 2.5, random),
        failure: ({ index }) => (index % (length + gap) < length ? 'http_5xx' : null),
      };
    },
  },
  { id: '5xx errors', draw: (_, random) => serverErrors(0.15, 0.7, random) },
  {
    id: 'compound: 5xx errors, other answers unsure',
    draw: (model, random) => {
      const level = between(0.3, 0.6, random);
      const constant = random.next() < 0.5 ? pick([...model.classes, 'neutral'], random) : null;
      return {
        ...serverErrors(0.25, 0.85, random),
        predict: (prediction) => constant ?? prediction,
        confidence: () => level,
      };
    },
  },
  {
    id: 'unreachable',
    draw: (_, random) => {
      const reason = pick(['connect', 'timeout', 'dns', 'http_5xx'] as const, random);
      // An error is an answer: the server is there.
      return { truth: truth(reason === 'http_5xx' ? 'endpoint-errors' : 'model-unreachable'), failure: () => reason };
    },
  },
];
