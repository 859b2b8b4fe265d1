import { between, pick, truth, type FaultKind } from '../fault.js';

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
    id: '5xx errors',
    draw: (_, random) => {
      const share = between(0.15, 0.7, random);
      return {
        truth: truth('endpoint-errors'),
        failure: (live) => (live.random.next() < share ? 'http_5xx' : null),
      };
    },
  },
  {
    id: 'unreachable',
    draw: (_, random) => {
      const reason = pick(['connect', 'timeout', 'dns', 'http_5xx'] as const, random);
      return { truth: truth('model-unreachable'), failure: () => reason };
    },
  },
];
