import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyActionTarget, SettingsByExecutor } from '../../../../exporter/src/domain/action-target.js';
import type { Executor } from '../../../../exporter/src/domain/ports.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from './battery.js';
import { KubernetesApi } from './kubernetes-api.js';
import { CANARY, egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';
import type { Loopback } from './loopback.js';
import type { Plan } from '../../../../exporter/src/domain/executor.js';

type Operation = SettingsByExecutor['kubernetes']['operation'];

const targetAt = (url: string, operation: Operation): AnyActionTarget => ({
  executor: 'kubernetes',
  name: 'cluster',
  actions: ['rollback'],
  models: null,
  timeoutMs: 1_000,
  authorizationSecret: 'canary',
  settings: { url, namespace: 'ml', deployment: 'fraud', operation, addReplicas: 2, mostReplicas: 5 },
});

const OPERATIONS = ['rollout-undo', 'restart', 'scale-out'] as const;

describe.each(OPERATIONS)('%s', (operation) => {
  conformance({
    executor: 'kubernetes',
    repetition: 'lookup',
    onceDespiteRepetition: true,
    lookup: { provesReceived: true, provesNotReceived: true },
    arena: async (): Promise<Arena> => {
      const { api, server } = await KubernetesApi.start(CANARY);
      return {
        server,
        targets: [targetAt(server.url, operation)],
        action: 'rollback',
        state: () => [api.deployment, api.replicaSets],
        effects: () => api.writes,
      };
    },
  });
});

describe('a Deployment', () => {
  let api: KubernetesApi;
  let server: Loopback;
  const http = egressOf(LOOPBACK);
  beforeEach(async () => {
    ({ api, server } = await KubernetesApi.start(CANARY));
  });
  afterEach(() => server.close());

  async function approved(operation: Operation): Promise<{ readonly executor: Executor; readonly plan: Plan }> {
    const targets = [targetAt(server.url, operation)];
    const executor = createExecutors(
      portsOf(http, () => targets),
      () => Promise.resolve(),
    ).kubernetes;
    const plan = planOf(targets, 'rollback');
    return { executor, plan: (await executor.resolve?.(plan)) ?? plan };
  }
  const run = (
    { executor, plan }: { readonly executor: Executor; readonly plan: Plan },
    execution = newExecution(plan),
  ) => executor.execute(plan, execution, recommendationOf(plan));

  it('is rolled back to the revision that was approved, template and all', async () => {
    const one = await approved('rollout-undo');
    expect(one.plan.parameters['pinned']).toEqual({
      from_revision: 3,
      to_revision: 2,
      from_images: ['fraud:3'],
      to_images: ['fraud:2'],
    });
    expect(await one.executor.prepare(one.plan)).toMatchObject({
      kind: 'ready',
      text: "would roll deployment ml/fraud back from revision 3 (fraud:3) to revision 2 (fraud:2); the API server's own dry run accepts it",
    });
    expect((await run(one)).kind).toBe('succeeded');
    expect(api.image).toBe('fraud:2');
    // The old template came back whole: no label of the newer one stayed, no hash of a ReplicaSet slipped in.
    expect(Object.keys(api.deployment.spec.template.metadata.labels).sort()).toEqual(['app', 'build-fraud-2']);
    expect(api.replicaSets).toHaveLength(3);
    expect(api.revision).toBe(4);
  });

  it('is left alone when somebody deployed since the approval', async () => {
    const one = await approved('rollout-undo');
    api.deploy('fraud:4');
    expect(await run(one)).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('at revision 4 now; the plan was made at 3') as string,
    });
    expect((await one.executor.prepare(one.plan)).kind).toBe('impossible');
    expect(api.image).toBe('fraud:4');
  });

  it.each(OPERATIONS)(
    'is left alone when somebody writes between our reading and our writing (%s)',
    async (operation) => {
      const one = await approved(operation);
      const { replicas } = api.deployment.spec;
      // The stranger's write lands after the last read: the server sees our resourceVersion too late.
      server.onRequest = ({ method }) => {
        if (method !== 'GET') api.touch();
      };
      const outcome = await run(one);
      expect(outcome.kind).toBe('failed');
      expect(outcome.detail).toMatch(/409|422/);
      expect(api.image).toBe('fraud:3');
      expect(api.deployment.spec.replicas).toBe(replicas);
      expect(api.deployment.spec.template.metadata.annotations).toBeUndefined();
    },
  );

  it.each(OPERATIONS)(
    'that an earlier request of the same execution reached first is done, not failed (%s)',
    async (operation) => {
      const one = await approved(operation);
      // What a process that died had sent arrives just before what its successor sends.
      server.onRequest = (request) => {
        if (request.method !== 'GET') api.answer(request);
      };
      expect((await run(one)).kind).toBe('succeeded');
      expect(api.writes).toBe(1);
    },
  );

  it('is not rolled back when paused, or when there is nothing earlier', async () => {
    const one = await approved('rollout-undo');
    api.pause();
    expect((await run(one)).detail).toContain('paused');
    await server.close();
    ({ api, server } = await KubernetesApi.start(CANARY, ['fraud:1']));
    const first = await approved('rollout-undo');
    expect((await run(first)).detail).toContain('no earlier revision');
    expect(api.image).toBe('fraud:1');
  });

  it('is scaled by as much as configured and never beyond the limit', async () => {
    expect((await run(await approved('scale-out'))).kind).toBe('succeeded');
    expect(api.deployment.spec.replicas).toBe(4);
    expect((await run(await approved('scale-out'))).kind).toBe('succeeded');
    expect(api.deployment.spec.replicas).toBe(5);
    expect((await run(await approved('scale-out'))).detail).toContain('the most that is allowed');
    const stale = await approved('scale-out');
    api.scale(2);
    expect((await run(stale)).kind).toBe('failed');
  });

  it('whose autoscaler would undo a scaling is named in the dry run', async () => {
    api.autoscaled = true;
    const { executor, plan } = await approved('scale-out');
    expect(await executor.prepare(plan)).toMatchObject({ text: expect.stringContaining('fraud-hpa') as string });
  });

  it('is restarted by the annotation kubectl uses', async () => {
    expect((await run(await approved('restart'))).kind).toBe('succeeded');
    expect(Object.keys(api.deployment.spec.template.metadata.annotations ?? {})).toEqual([
      'kubectl.kubernetes.io/restartedAt',
    ]);
    expect(api.image).toBe('fraud:3');
  });

  it('cannot be acted on by a plan made while the API server was away', async () => {
    await server.close();
    const one = await approved('rollout-undo');
    expect(one.plan.parameters).not.toHaveProperty('pinned');
    ({ api, server } = await KubernetesApi.start(CANARY));
    expect(
      await run({
        executor: (await approved('rollout-undo')).executor,
        plan: {
          ...one.plan,
          parameters: {
            ...one.plan.parameters,
            settings: { ...(targetAt(server.url, 'rollout-undo').settings as object) },
          },
        },
      }),
    ).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('could not be asked') as string,
    });
  });

  it('reports what the API server forbids', async () => {
    const one = await approved('rollout-undo');
    server.fault = {
      status: 403,
      body: { kind: 'Status', message: 'deployments.apps "fraud" is forbidden: User "mlfi" cannot patch' },
    };
    expect(await one.executor.prepare(one.plan)).toMatchObject({
      kind: 'impossible',
      reason: expect.stringContaining('cannot patch') as string,
    });
  });
});
