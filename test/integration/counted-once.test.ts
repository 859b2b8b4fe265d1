import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { LateLabel, Observation } from '../../exporter/src/domain/observation.js';
import type { Store } from '../../exporter/src/domain/ports.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import type { ReplayFleet } from '../../exporter/src/monitoring/replay-fleet.js';
import { observation } from '../unit/detection/rows.js';
import { answers, fleetOn, modelNamed } from '../unit/monitoring/fleet-on-memory.js';

const A = modelId('a');
const WINDOW_MS = 300_000;
const LEARNT_EVERY_MS = 2_000;
const TURN = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const directory = mkdtempSync(join(tmpdir(), 'mlfi-counted-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Counts {
  calls: number;
  labelled: number;
}

/** A model that is watched, on a real store, by a clock that only the test moves. */
class Watched {
  private fleet: ReplayFleet;
  private sent = 0;
  nowMs = 1e12;

  constructor(
    private readonly store: Store,
    readonly random: () => number,
  ) {
    this.fleet = this.freshFleet();
  }

  private freshFleet(): ReplayFleet {
    return fleetOn(this.store, TURN, { clock: { now: () => this.nowMs, sleep: TURN } });
  }

  row(atMs: number): Observation {
    const { random } = this;
    return observation({
      predictionId: `p${(this.sent += 1)}`,
      atMs,
      prediction: random() < 0.3 ? 'a' : 'b',
      confidence: random(),
      features: { x: 10 * random(), c: `k${Math.floor(3 * random())}` },
    });
  }

  async send(observations: readonly Observation[], labels: readonly LateLabel[]): Promise<void> {
    const acknowledge = this.random() < 0.3 ? 'memory' : 'commit';
    await this.fleet.ingest(A, answers([], { observations, labels, acknowledge }));
  }

  advance(): Promise<void> {
    return this.fleet.inModel(A, (monitored) => void monitored.advance(this.nowMs, false));
  }

  /** Learns until a baseline is admitted, amid rows that wait. @returns where it ends */
  async learn(): Promise<number> {
    await this.fleet.add(modelNamed('a'));
    const startMs = this.nowMs - 3 * 86_400_000;
    for (let batch = 0; batch < 15; batch += 1) {
      const rows = Array.from({ length: 1_000 }, (_, i) => this.row(startMs + (1_000 * batch + i) * LEARNT_EVERY_MS));
      await this.send(rows, []);
      this.nowMs += 1_000_000;
      await this.advance();
      const { baseline } = this.fleet.monitoredModel(A);
      if (baseline !== null) return baseline.admittedAtMs;
    }
    throw new Error('no baseline was admitted');
  }

  async restart(): Promise<void> {
    await this.fleet.stop();
    this.fleet = this.freshFleet();
    await this.fleet.start();
  }

  stop(): Promise<void> {
    return this.fleet.stop();
  }
}

it.each([1, 2, 3, 4, 5, 6])(
  'counts rows and labels once in the windows they belong to, through an admission, late rows and restarts (seed %i)',
  async (seed) => {
    const generator = seededRandom(`counted once ${seed}`);
    const random = (): number => generator.next();
    const below = (limit: number): number => Math.floor(limit * random());
    const store = await openStore({ kind: 'sqlite', file: join(directory, `${seed}.db`) });
    const watched = new Watched(store, random);
    const sinceMs = await watched.learn();
    watched.nowMs += WINDOW_MS;
    await watched.advance();
    const startOf = (atMs: number): number => Math.max(sinceMs, WINDOW_MS * Math.floor(atMs / WINDOW_MS));
    const expected = new Map<number, Counts>();
    const countsOf = (atMs: number): Counts => {
      const counts = expected.get(startOf(atMs)) ?? { calls: 0, labelled: 0 };
      expected.set(startOf(atMs), counts);
      return counts;
    };
    for (const { windowStartMs, profile } of await store.windows.range(A, 0, Number.MAX_SAFE_INTEGER))
      expected.set(windowStartMs, { calls: profile.calls, labelled: profile.labels.labelled });

    const unlabelled: Observation[] = [];
    for (let step = 0; step < 80; step += 1) {
      watched.nowMs += below(60_000);
      const what = random();
      if (what < 0.6) {
        const olderMs = random() < 0.15 ? 4 * WINDOW_MS : 20_000;
        const rows = Array.from({ length: 1 + below(30) }, () =>
          watched.row(Math.max(sinceMs + 1, watched.nowMs - below(olderMs))),
        );
        for (const { atMs } of rows) countsOf(atMs).calls += 1;
        unlabelled.push(...rows);
        await watched.send(rows, []);
      } else if (what < 0.85) {
        const some = Array.from({ length: Math.min(unlabelled.length, 1 + below(15)) }, () =>
          unlabelled.splice(below(unlabelled.length), 1),
        ).flat();
        for (const { atMs } of some) countsOf(atMs).labelled += 1;
        await watched.send(
          [],
          some.map(({ predictionId, prediction }) => ({
            predictionId: predictionId ?? '',
            label: random() < 0.8 ? (prediction ?? '') : 'z',
            atMs: watched.nowMs,
          })),
        );
      } else if (what < 0.97) await watched.advance();
      else await watched.restart();
    }
    await watched.stop();
    const stored = await store.windows.range(A, 0, Number.MAX_SAFE_INTEGER);
    await store.close();
    const found = stored.map(({ windowStartMs, profile }) => [
      windowStartMs,
      { calls: profile.calls, labelled: profile.labels.labelled },
    ]);
    expect(found).toEqual([...expected].sort(([a], [b]) => a - b));
  },
);
