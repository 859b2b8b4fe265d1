import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../exporter/src/domain/action-target.js';
import { createExecutors } from '../../../exporter/src/governance/executors/index.js';
import { staleProposals, resolvePlans } from '../../../exporter/src/governance/resolved-plan.js';
import { KubernetesApi } from './executors/kubernetes-api.js';
import type { Loopback } from './executors/loopback.js';
import { CANARY, egressOf, LOOPBACK, planOf, portsOf, recommendationOf } from './executors/setting.js';
import type { Plan } from '../../../exporter/src/domain/executor.js';

let api: KubernetesApi;
let server: Loopback;
let targets: readonly AnyActionTarget[] = [];
const http = egressOf(LOOPBACK);
const executors = createExecutors(
  portsOf(http, () => targets),
  () => Promise.resolve(),
);
beforeEach(async () => {
  ({ api, server } = await KubernetesApi.start(CANARY));
  targets = [
    {
      executor: 'kubernetes',
      name: 'cluster',
      actions: ['rollback'],
      models: null,
      timeoutMs: 500,
      authorizationSecret: 'canary',
      settings: {
        url: server.url,
        namespace: 'ml',
        deployment: 'fraud',
        operation: 'rollout-undo',
        addReplicas: 1,
        mostReplicas: 1,
      },
    },
  ];
});
afterEach(() => server.close());

const resolvedPlan = async (): Promise<Plan> => {
  const [proposal] = await resolvePlans(executors, [recommendationOf(planOf(targets, 'rollback'))]);
  if (proposal?.plan == null) throw new Error('no plan');
  return proposal.plan;
};
const isStale = async (plan: Plan): Promise<boolean> =>
  (await staleProposals(executors, [recommendationOf(plan)])).length === 1;

it('a plan is outdated when somebody deployed, and not when only the clock moved on', async () => {
  const plan = await resolvedPlan();
  expect(await isStale(plan)).toBe(false);
  api.touch();
  expect(await isStale(plan)).toBe(false);
  api.deploy('fraud:4');
  expect(await isStale(plan)).toBe(true);
});

it('a plan made while the server was away is stale once it answers, one that was resolved is kept while it is away', async () => {
  const plan = await resolvedPlan();
  const unresolved = planOf(targets, 'rollback');
  expect(await isStale(unresolved)).toBe(true);
  await server.close();
  expect(await isStale(unresolved)).toBe(false);
  expect(await isStale(plan)).toBe(false);
});

it('advice and plans that rely on nothing are left as they are', async () => {
  const advice = { ...recommendationOf(planOf(targets, 'rollback')), plan: null };
  expect(await resolvePlans(executors, [advice])).toEqual([advice]);
  expect(await staleProposals(executors, [advice])).toEqual([]);
});
