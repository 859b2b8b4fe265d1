import { beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../../exporter/src/domain/executor.js';
import { recommendationId } from '../../../exporter/src/domain/identifiers.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import { createExecutors, type Executors } from '../../../exporter/src/governance/executors/index.js';
import { PlanChecks } from '../../../exporter/src/governance/plan-checks.js';
import { egressOf, LOOPBACK, planOf, portsOf, recommendationOf } from './executors/setting.js';

const kubernetes = {
  executor: 'kubernetes',
  name: 'cluster',
  actions: ['rollback'],
  models: null,
  timeoutMs: 500,
  authorizationSecret: 'canary',
  settings: {
    url: 'http://127.0.0.1:9',
    namespace: 'ml',
    deployment: 'fraud',
    operation: 'rollout-undo',
    addReplicas: 1,
    mostReplicas: 1,
  },
} as const;
const real = createExecutors(
  portsOf(egressOf(LOOPBACK), () => [kubernetes]),
  () => Promise.resolve(),
);
const plan = planOf([kubernetes], 'rollback');

/** Plans that were asked about, by what they are for. */
let asked: string[];
const executors: Executors = {
  ...real,
  kubernetes: {
    ...real.kubernetes,
    resolve: (one: Plan) => {
      asked.push(one.target);
      return Promise.resolve(one.target === 'p-7' ? { ...one, target: 'changed' } : one);
    },
  },
};
beforeEach(() => (asked = []));

const pendingPlan = (number: number): Recommendation => ({
  ...recommendationOf({ ...plan, target: `p-${number}` }),
  id: recommendationId(`r-${number}`),
});
const pending = Array.from({ length: 10 }, (_, i) => pendingPlan(i));

it('asks about so many plans a turn and no more, the least recently checked first', async () => {
  const checks = new PlanChecks(executors, 4);
  const turns: string[][] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    asked = [];
    await checks.stale(pending);
    turns.push(asked);
  }
  expect(turns.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4]);
  expect(new Set(turns.slice(0, 3).flat()).size, 'all have had their turn').toBe(10);
  // 20 questions about 10 plans: each two times, none a third time before all had their second.
  expect(turns.flat().sort()).toEqual(pending.flatMap((_, i) => [`p-${i}`, `p-${i}`]));
});

it('tells those whose target changed, when it is their turn', async () => {
  const checks = new PlanChecks(executors, 4);
  const stale = [];
  for (let turn = 0; turn < 3; turn += 1) stale.push((await checks.stale(pending)).map(({ id }) => id));
  expect(stale).toEqual([[], ['r-7'], []]);
});

it('asks about a new plan before those that were checked, and about advice never', async () => {
  const checks = new PlanChecks(executors, 4);
  await checks.stale(pending.slice(0, 4));
  asked = [];
  const advice = Array.from({ length: 9 }, (_, i) => ({
    ...pendingPlan(i),
    plan: null,
    id: recommendationId(`a-${i}`),
  }));
  await checks.stale([...advice, ...pending.slice(0, 4), pendingPlan(11)]);
  expect(asked).toEqual(['p-11', 'p-0', 'p-1', 'p-2']);
});
