import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation, Sample } from '../../../exporter/src/domain/observation.js';
import type { FleetPorts } from '../../../exporter/src/monitoring/fleet-ports.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { answers, askedModel, fleetOn } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

export const A = modelId('a');
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a call has that nothing answers. */
export const UNANSWERED = {
  prediction: null,
  confidence: null,
  failure: { reason: 'connect', detail: '', httpStatus: null, retryAfterMs: null },
} as const;

/** A fleet whose model has been probed every second until its baseline was admitted, by a clock that the probes move. */
export class Probed {
  nowMs = Date.UTC(2026, 10, 29, 12);
  readonly store = new MemoryStore();
  fleet: ReplayFleet;
  private readonly random = seededRandom('probes');

  constructor(
    private readonly over: Partial<FleetPorts> = {},
    private readonly settings: Parameters<typeof fleetOn>[3] = {},
  ) {
    this.fleet = this.begun();
  }

  private begun(): ReplayFleet {
    const clock = { now: () => this.nowMs, sleep: AT_ONCE };
    return fleetOn(this.store, AT_ONCE, { clock, ...this.over }, this.settings);
  }

  private sample(): Sample {
    this.nowMs += 1_000;
    const { random } = this;
    const confidence = 0.5 + 0.5 * random.next();
    const features = { x: random.next() };
    return { observation: observation({ source: 'probe', atMs: this.nowMs, confidence, features }), shape: null };
  }

  /** One probe that gets no answer, or one that does. */
  async ask(isAnswered: boolean): Promise<void> {
    const { observation: answered } = this.sample();
    const sample = { observation: isAnswered ? answered : { ...answered, ...UNANSWERED }, shape: null };
    await this.fleet.inModel(A, (monitored) => monitored.observe([sample], this.nowMs));
    await this.fleet.catchUp(A);
  }

  async probe(calls: number): Promise<this> {
    for (let i = 0; i < calls; i += 10) {
      const samples = Array.from({ length: 10 }, () => this.sample());
      await this.fleet.inModel(A, (monitored) => monitored.observe(samples, this.nowMs));
      await this.fleet.catchUp(A);
    }
    return this;
  }

  /** As many as came in the last seconds, one a second. */
  private rows(count: number, over: Partial<Observation>): readonly Observation[] {
    const { nowMs, random } = this;
    return Array.from({ length: count }, (_, i) =>
      observation({
        atMs: nowMs - 1_000 * (count - 1 - i),
        predictionId: `r${nowMs}-${i}`,
        confidence: 0.5 + 0.5 * random.next(),
        features: { y: random.next() },
        ...over,
      }),
    );
  }

  /** Rows that are logged just now. @returns what is noted of them */
  async send(count: number, acknowledge: 'commit' | 'memory' = 'commit', over: Partial<Observation> = {}) {
    const { notes } = await this.fleet.ingest(A, answers([], { observations: this.rows(count, over), acknowledge }));
    await this.fleet.catchUp(A);
    return notes;
  }

  reset(): Promise<void> {
    return this.fleet.change(A, (draft) => void draft.relearn());
  }

  /** Ended, in order or not, and started again on what is stored. */
  async restart(isKilled = false): Promise<this> {
    if (!isKilled) await this.fleet.stop();
    this.fleet = this.begun();
    await this.fleet.start();
    return this;
  }

  get counters() {
    return this.fleet.monitoredModel(A).counters;
  }

  get version(): number | null {
    return this.fleet.monitoredModel(A).baseline?.version ?? null;
  }
}

export async function probed(
  calls: number,
  over: Partial<FleetPorts> = {},
  settings: Parameters<typeof fleetOn>[3] = {},
): Promise<Probed> {
  const model = new Probed(over, settings);
  await model.fleet.add(askedModel('a'));
  return model.probe(calls);
}
