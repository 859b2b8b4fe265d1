import { expect, it } from 'vitest';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import type { FleetPorts } from '../../../exporter/src/monitoring/fleet-ports.js';
import type { Failure, Sample } from '../../../exporter/src/domain/observation.js';
import { observation } from '../detection/rows.js';
import { answers, askedModel, fleetOn } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const REFUSED: Failure = { reason: 'http_5xx', detail: 'HTTP 500', httpStatus: 500, retryAfterMs: null };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** So many models that answer what they are asked. */
async function fleetOfAsked(models: number) {
  const store = new MemoryStore();
  const watchers = new Map<ModelId, (samples: readonly Sample[]) => void>();
  let nowMs = 1e12;
  const prober: FleetPorts['prober'] = {
    watch: ({ id }, onSamples) => void watchers.set(id, onSamples),
    unwatch: () => undefined,
    cycle: () => Promise.resolve([]),
  };
  const fleet = fleetOn(store, turn, { prober, clock: { now: () => (nowMs += 1), sleep: () => turn() } });
  await fleet.add(askedModel('a'));
  for (let i = 1; i < models; i += 1) await fleet.add(askedModel(`m${i}`));
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await turn();
  };
  return {
    fleet,
    pass: (ms: number) => void (nowMs += ms),
    async probed(failure: Failure | null = null): Promise<void> {
      watchers.get(A)?.([{ observation: observation({ source: 'probe', atMs: nowMs, failure }), shape: null }]);
      await settled();
    },
    storedProbes(): number {
      const counters = store.committed.counters.get(A);
      return counters === undefined ? 0 : callCountersCodec.decode(counters).probes;
    },
  };
}

it('stores what a lone model answers at once', async () => {
  const lone = await fleetOfAsked(1);
  await lone.probed();
  expect(lone.storedProbes()).toBe(1);
});

it('stores what one of many answers now and then, a model in 300 ms, and all of it with what somebody waits for', async () => {
  const many = await fleetOfAsked(21);
  await many.probed();
  many.pass(5_000);
  await many.probed();
  expect(many.storedProbes()).toBe(0);
  many.pass(1_500);
  await many.probed();
  expect(many.storedProbes()).toBe(3);
  await many.probed();
  expect(many.storedProbes()).toBe(3);
  await many.fleet.ingest(A, answers(['p1']));
  expect(many.storedProbes()).toBe(4);
});

it('stores at a stop what was put off', async () => {
  const many = await fleetOfAsked(21);
  await many.probed();
  expect(many.storedProbes()).toBe(0);
  await many.fleet.stop();
  expect(many.storedProbes()).toBe(1);
});

it('shows answers once they are evaluated, and a failure at once', async () => {
  const many = await fleetOfAsked(21);
  await many.probed(REFUSED);
  const failed = many.fleet.revision(A);
  await many.probed(REFUSED);
  expect(many.fleet.revision(A)).not.toBe(failed);
});
