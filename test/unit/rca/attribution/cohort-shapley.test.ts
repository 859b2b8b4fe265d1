import { expect, test } from 'vitest';
import type { Features } from '../../../../exporter/src/domain/observation.js';
import { cohortShapley, type LoggedRow } from '../../../../exporter/src/rca/attribution/cohort-shapley.js';
import { createModelCaller } from '../../../../exporter/src/rca/attribution/model-caller.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const number = (features: Features, name: string): number => Number(features[name] ?? 0);
/** Confidence falls with `income`, a little with `age`; `shoe` is ignored. */
const model = (features: Features): number =>
  1 / (1 + Math.exp(-2 + 0.8 * number(features, 'income') + 0.1 * number(features, 'age')));

function cohort(rows: number, seed: number, moved: number, answer = model): LoggedRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => {
    const features = { income: random.next() + moved, age: random.next(), shoe: random.next() + moved };
    return { features, output: answer(features) };
  });
}

const unhurried = (): Promise<void> => Promise.resolve();
const limits = { calls: 512, pauseMs: 0, failuresInRow: 3 };

test('carries the fall to the feature that made it, not to the one that only moved with it', async () => {
  const before = cohort(400, 1, 0);
  const now = cohort(400, 2, 2);
  const caller = createModelCaller((features) => Promise.resolve(model(features)), limits, unhurried);
  const { attributions, experiment } = await cohortShapley(
    { before, now, players: ['income', 'shoe'], atMs: 0, output: 'confidence', callsBudget: 512 },
    caller,
    seededRandom(3),
  );
  const fall =
    now.reduce((sum, row) => sum + row.output, 0) / 400 - before.reduce((sum, row) => sum + row.output, 0) / 400;
  expect(attributions[0]?.feature).toBe('income');
  expect(attributions[0]?.value).toBeCloseTo(fall, 1);
  expect(Math.abs((attributions[0]?.value ?? 0) - fall)).toBeLessThan(4 * (attributions[0]?.standardError ?? 0) + 0.01);
  expect(attributions[1]).toEqual({ feature: 'shoe', value: 0, standardError: 0, method: 'interventional-shapley' });
  expect(experiment).toMatchObject({ kind: 'cohort-shapley', modelShift: 0, limitation: null });
  expect(experiment.calls).toBeLessThanOrEqual(512);
  expect(experiment.additivityGap).toBeLessThan(0.02);
});

test('tells a changed model from changed inputs', async () => {
  const worse = (features: Features): number => model(features) - 0.2;
  const caller = createModelCaller((features) => Promise.resolve(worse(features)), limits, unhurried);
  const { attributions, experiment } = await cohortShapley(
    {
      before: cohort(200, 1, 0),
      now: cohort(200, 2, 0, worse),
      players: ['income'],
      atMs: 0,
      output: 'confidence',
      callsBudget: 512,
    },
    caller,
    seededRandom(3),
  );
  expect(experiment.modelShift).toBeCloseTo(-0.2, 9);
  expect(Math.abs(attributions[0]?.value ?? 1)).toBeLessThan(0.02);
});

test('spends no more than the budget, asks the same row once, pauses between calls, and stops when the model fails', async () => {
  let asked = 0;
  let pauses = 0;
  const caller = createModelCaller(
    (features) => {
      asked += 1;
      return Promise.resolve(asked > 10 ? null : model(features));
    },
    { calls: 64, pauseMs: 5, failuresInRow: 3 },
    () => {
      pauses += 1;
      return Promise.resolve();
    },
  );
  const row = { income: 1, age: 1, shoe: 1 };
  expect(await caller.ask(row)).toBe(await caller.ask({ shoe: 1, age: 1, income: 1 }));
  expect(caller.calls).toBe(1);
  const { attributions, experiment } = await cohortShapley(
    {
      before: cohort(100, 1, 0),
      now: cohort(100, 2, 1),
      players: ['income', 'age', 'shoe'],
      atMs: 0,
      output: 'confidence',
      callsBudget: 64,
    },
    caller,
    seededRandom(3),
  );
  expect(attributions).toEqual([]);
  expect(experiment.limitation).toContain('stopped answering');
  expect(asked).toBe(13);
  expect(pauses).toBe(12);
});
