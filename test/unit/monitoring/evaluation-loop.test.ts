import { expect, it, vi } from 'vitest';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import { EvaluationLoop } from '../../../exporter/src/monitoring/evaluation-loop.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { answers, fleetOn, modelNamed, QUIET_LOGGER } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';
import { PATIENT } from '../../fixtures/patient.js';

const EVERY_MS = 5;

/** Models whose evaluations end when the test says so. */
class Evaluations {
  readonly begun: ModelId[] = [];
  readonly last = new Map<ModelId, number>();
  readonly due = new Set<ModelId>();
  /** The most that one model was under evaluation at the same time. */
  mostAtOnce = 0;
  private readonly held = new Map<ModelId, Promise<void>>();
  private readonly under = new Map<ModelId, number>();
  readonly loop: EvaluationLoop;

  constructor(readonly ids: readonly ModelId[]) {
    this.loop = new EvaluationLoop(
      { clock: systemClock, logger: QUIET_LOGGER },
      {
        ids: () => ids,
        isDue: (id) => this.due.has(id),
        evaluatedAtMs: (id) => this.last.get(id) ?? null,
        evaluate: async (id) => {
          this.begun.push(id);
          this.due.delete(id);
          this.last.set(id, systemClock.now());
          const now = (this.under.get(id) ?? 0) + 1;
          this.under.set(id, now);
          this.mostAtOnce = Math.max(this.mostAtOnce, now);
          await this.held.get(id);
          this.under.set(id, now - 1);
        },
      },
      () => EVERY_MS,
    );
  }

  hold(id: ModelId): () => void {
    let release = (): void => undefined;
    this.held.set(id, new Promise((resolve) => (release = resolve)));
    return release;
  }

  times(id: ModelId): number {
    return this.begun.filter((each) => each === id).length;
  }
}

const [A, B, C] = [modelId('a'), modelId('b'), modelId('c')];

it('delays no model by the slow evaluation of another, and evaluates none twice at the same time', async () => {
  const evaluations = new Evaluations([A, B]);
  const release = evaluations.hold(A);
  evaluations.due.add(A);
  evaluations.loop.start();
  for (let round = 1; round <= 3; round += 1) {
    evaluations.due.add(A).add(B);
    await vi.waitFor(() => expect(evaluations.times(B)).toBe(round), PATIENT);
  }
  expect(evaluations.times(A)).toBe(1);
  release();
  await vi.waitFor(() => expect(evaluations.times(A)).toBe(2), PATIENT);
  expect(evaluations.mostAtOnce).toBe(1);
  await evaluations.loop.stop();
});

it('begins with the model that has waited longest, and leaves those alone that are not due', async () => {
  const evaluations = new Evaluations([A, B, C]);
  evaluations.last.set(A, 3).set(B, 1);
  evaluations.due.add(A).add(B);
  evaluations.loop.start();
  await vi.waitFor(() => expect(evaluations.begun).toEqual([B, A]), PATIENT);
  evaluations.due.add(C).add(A);
  await vi.waitFor(() => expect(evaluations.begun.slice(2)).toEqual([C, A]), PATIENT);
  await evaluations.loop.stop();
});

it('evaluates on request what is not due, once for a burst of requests', async () => {
  const evaluations = new Evaluations([A]);
  evaluations.loop.request(A);
  expect(evaluations.times(A)).toBe(1);
  for (let i = 0; i < 20; i += 1) evaluations.loop.request(A);
  await evaluations.loop.settled(A);
  expect(evaluations.times(A)).toBe(1);
  evaluations.loop.request(A);
  evaluations.loop.start();
  await vi.waitFor(() => expect(evaluations.times(A)).toBe(2), PATIENT);
  await evaluations.loop.stop();
});

it('evaluates a model with traffic on request, while its commit is waiting', async () => {
  const commits: (() => void)[] = [];
  const store = new MemoryStore();
  const fleet = fleetOn(store, () => new Promise((resolve) => commits.push(resolve)));
  await fleet.add(modelNamed('a'));
  const pending = fleet.ingest(A, answers(['p1']));
  fleet.requestEvaluation(A);
  await vi.waitFor(() => expect(fleet.status(A).evaluatedAtMs).not.toBeNull(), PATIENT);
  expect(store.transactions).toEqual([]);
  await vi.waitFor(() => {
    for (const commit of commits.splice(0)) commit();
    expect(store.transactions).toHaveLength(1);
  }, PATIENT);
  expect(await pending).toMatchObject({ accepted: 1 });
});
