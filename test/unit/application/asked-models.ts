import type { RegistrationPorts } from '../../../exporter/src/application/register-model.js';
import type { Discovery, DiscoveryTarget } from '../../../exporter/src/domain/discovery.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import type { Endpoint, GoldenInput } from '../../../exporter/src/domain/model.js';
import { modelOf } from '../../fixtures/model.js';
import { fleetOn, QUIET_LOGGER } from '../monitoring/fleet-on-memory.js';
import type { MemoryStore } from '../monitoring/memory-store.js';

export const endpointAt = (url: string, authorizationSecret: string | null = null): Endpoint => ({
  url,
  connector: 'rest',
  settings: {},
  authorizationSecret,
});

const ANSWER: Extract<Discovery, { kind: 'found' }>['answer'] = {
  kind: 'answer',
  prediction: 'yes',
  confidence: null,
  modelVersion: 'found',
  latencySeconds: 0,
  shape: 'label:string',
};

const goldenOf = (payloads: readonly Json[]): readonly GoldenInput[] =>
  payloads.map((payload, index) => ({ id: `golden-${index}`, payload, origin: 'generated' }));

/** A fleet on memory, and a network in which every model answers, but only when it is let. */
export interface AskedModels {
  readonly fleet: ReturnType<typeof fleetOn>;
  readonly ports: RegistrationPorts;
  /** Addresses in the order they were asked. */
  readonly asked: string[];
  /** From now on the address answers when the returned function is called. */
  readonly hold: (url: string) => () => void;
}

export function askedModels(store: MemoryStore, over: Parameters<typeof fleetOn>[2] = {}): AskedModels {
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), over);
  const asked: string[] = [];
  const held = new Map<string, Promise<void>>();
  const discover = async (target: DiscoveryTarget): Promise<Discovery> => {
    asked.push(target.url);
    await held.get(target.url);
    const [first = { found: true }, ...more] = target.payloads ?? [];
    return {
      kind: 'found',
      endpoint: endpointAt(target.url, target.authorizationSecret),
      payloads: [first, ...more],
      attempts: [],
      isGuess: true,
      answer: ANSWER,
    };
  };
  const { schedule } = modelOf();
  return {
    fleet,
    asked,
    ports: {
      fleet,
      discover,
      chooseGoldenInputs: goldenOf,
      schedule,
      clock: { now: () => 1, sleep: () => Promise.resolve() },
      logger: QUIET_LOGGER,
    },
    hold: (url) => {
      let letGo = (): void => undefined;
      held.set(url, new Promise((resolve) => (letGo = resolve)));
      return () => letGo();
    },
  };
}
