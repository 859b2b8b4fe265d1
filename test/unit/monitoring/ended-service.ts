import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import type { FleetSettings } from '../../../exporter/src/monitoring/fleet-ports.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, modelNamed, QUIET_LOGGER } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

export const A = modelId('a');
export const START_MS = 1_767_571_200_000;
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One row a second, from the `from`th on. */
export function rowsOf(from: number, to: number, confidence = 0.7): Observation[] {
  const random = seededRandom(`rows ${from}`);
  return Array.from({ length: to - from }, (_, i) =>
    observation({
      predictionId: `p${from + i}`,
      atMs: START_MS + 1_000 * (from + i),
      features: { x: random.next() },
      confidence: confidence + 0.2 * random.next(),
    }),
  );
}

/** A service on a store that is ended without notice, and started again, by hand. */
export class Service {
  nowMs = START_MS + 7_200_000;
  readonly store = new MemoryStore();
  readonly events = createEventBus(QUIET_LOGGER);
  fleet: ReplayFleet = this.begun();

  private begun(settings: Partial<FleetSettings> = {}): ReplayFleet {
    const clock = { now: () => (this.nowMs += 1), sleep: () => AT_ONCE() };
    return fleetOn(this.store, AT_ONCE, { events: this.events, clock }, settings);
  }

  static async withModel(): Promise<Service> {
    const service = new Service();
    await service.fleet.add(modelNamed('a'));
    return service;
  }

  /** Whose baseline is of these rows and stored, as an import leaves it. */
  static async withTrainingSet(observations: readonly Observation[]): Promise<Service> {
    const requirements = DEFAULT_BASELINE_REQUIREMENTS;
    const service = new Service();
    service.fleet = service.begun({ isReplay: true, requirements: { ...requirements, minimumSamples: Infinity } });
    await service.fleet.add(modelNamed('a'));
    await service.sent(observations);
    const refused = await service.fleet.inModel(A, (monitored) => monitored.endTrainingSet(requirements, true));
    if (refused.length > 0) throw new Error(refused.join(', '));
    await service.killed();
    return service;
  }

  /** What was not stored is gone. */
  async killed(): Promise<void> {
    this.fleet = this.begun();
    const { models } = await this.store.models.list();
    for (const model of models) await this.fleet.add(model);
  }

  async sent(observations: readonly Observation[]): Promise<void> {
    await this.fleet.ingest(A, answers([], { observations }));
  }

  /** What is known by now is in the store. */
  stored(): Promise<void> {
    return this.fleet.inModel(A, () => undefined);
  }

  /** Until nothing more is waited for. */
  async judged(): Promise<void> {
    this.nowMs += 60_000;
    await this.fleet.catchUp(A);
  }

  get monitored(): ReturnType<ReplayFleet['monitoredModel']> {
    return this.fleet.monitoredModel(A);
  }
}
