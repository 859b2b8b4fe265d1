import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyActionTarget, SettingsByExecutor } from '../../exporter/src/domain/action-target.js';
import { createExecutors } from '../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from '../unit/governance/executors/battery.js';
import { Loopback } from '../unit/governance/executors/loopback.js';
import {
  egressOf,
  LOOPBACK,
  newExecution,
  planOf,
  portsOf,
  recommendationOf,
} from '../unit/governance/executors/setting.js';
import { MAY_SKIP, PYTHON, startPython, type PythonServer } from './servers/python-server.js';

type Operation = SettingsByExecutor['mlflow']['operation'];

describe.skipIf(PYTHON === null && MAY_SKIP)('a real MLflow tracking server', () => {
  let mlflow: PythonServer | null = null;
  beforeAll(async () => {
    mlflow = await startPython('mlflow_tracking.py', '/health');
  });
  afterAll(() => mlflow?.stop());

  async function api(path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${mlflow?.url ?? ''}/api/2.0/mlflow/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  let made = 0;
  /** A registered model with three versions, `champion` on the newest, and an experiment of its own. */
  async function registered(): Promise<{
    readonly model: string;
    readonly experiment: string;
    readonly experimentId: string;
  }> {
    made += 1;
    const model = `fraud ${made}`;
    const experiment = `retraining-${made}`;
    await api('registered-models/create', { name: model });
    for (const version of ['1', '2', '3'])
      await api('model-versions/create', { name: model, source: `s3://models/${made}/${version}` });
    await api('registered-models/alias', { name: model, alias: 'champion', version: '3' });
    const { experiment_id } = (await api('experiments/create', { name: experiment })) as { experiment_id: string };
    return { model, experiment, experimentId: experiment_id };
  }
  const aliasOf = async (model: string): Promise<string> =>
    (
      (await api(`registered-models/alias?${new URLSearchParams({ name: model, alias: 'champion' }).toString()}`)) as {
        model_version: { version: string };
      }
    ).model_version.version;
  const runsOf = async (experimentId: string) =>
    (
      (await api('runs/search', { experiment_ids: [experimentId] })) as {
        runs?: { info: { run_id: string; status: string }; data: { tags: { key: string; value: string }[] } }[];
      }
    ).runs ?? [];

  /** A way to the real server on which requests that write can be made to fail. */
  async function arena(
    operation: Operation,
  ): Promise<Arena & { readonly model: string; readonly experimentId: string }> {
    const { model, experiment, experimentId } = await registered();
    const server = await Loopback.start(
      async ({ method, url, body }) => {
        const response = await fetch(`${mlflow?.url ?? ''}${url}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body }),
        });
        return { status: response.status, body: (await response.json()) as unknown };
      },
      ({ method, url }) => method !== 'GET' && !url.endsWith('/runs/search'),
    );
    const targets: AnyActionTarget[] = [
      {
        executor: 'mlflow',
        name: 'registry',
        actions: ['rollback'],
        models: null,
        timeoutMs: 3_000,
        authorizationSecret: 'canary',
        settings: { url: server.url, operation, registeredModel: model, alias: 'champion', experiment },
      },
    ];
    return {
      server,
      targets,
      action: 'rollback',
      timeoutMs: 1_500,
      state: async () => [await aliasOf(model), await runsOf(experimentId)],
      effects: async () =>
        operation === 'alias-back' ? 3 - Number(await aliasOf(model)) : (await runsOf(experimentId)).length,
      model,
      experimentId,
    };
  }

  describe.each(['alias-back', 'request-retraining'] as const)('%s', (operation) => {
    conformance({
      executor: 'mlflow',
      repetition: 'lookup',
      onceDespiteRepetition: true,
      lookup: { provesReceived: true, provesNotReceived: true },
      arena: () => arena(operation),
    });
  });

  const http = egressOf(LOOPBACK);
  afterAll(() => http.close());
  async function approved(operation: Operation) {
    const place = await arena(operation);
    const executor = createExecutors(
      portsOf(http, () => place.targets),
      () => Promise.resolve(),
    ).mlflow;
    const unresolved = planOf(place.targets, 'rollback');
    const plan = (await executor.resolve?.(unresolved)) ?? unresolved;
    const run = () => executor.execute(plan, newExecution(plan), recommendationOf(plan));
    return { ...place, executor, plan, run };
  }

  it('has its alias moved back by one version, and says from where to where beforehand', async () => {
    const { executor, plan, run, model, server } = await approved('alias-back');
    expect(plan.parameters['pinned']).toEqual({ from_version: '3', to_version: '2' });
    expect(await executor.prepare(plan)).toEqual({
      kind: 'ready',
      text: `would point alias champion of ${model} from version 3 back to 2`,
    });
    expect((await run()).kind).toBe('succeeded');
    expect(await aliasOf(model)).toBe('2');
    await server.close();
  });

  it('is left alone when somebody moved the alias since the approval', async () => {
    const { run, model, server } = await approved('alias-back');
    await api('registered-models/alias', { name: model, alias: 'champion', version: '1' });
    expect(await run()).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('at version 1 now; the plan was made at 3') as string,
    });
    expect(await aliasOf(model)).toBe('1');
    await server.close();
  });

  it('has nothing to go back to from the first version', async () => {
    const first = await approved('alias-back');
    await api('registered-models/alias', { name: first.model, alias: 'champion', version: '1' });
    const plan = (await first.executor.resolve?.(planOf(first.targets, 'rollback'))) ?? first.plan;
    expect(await first.executor.prepare(plan)).toMatchObject({ kind: 'impossible' });
    expect((await first.executor.execute(plan, newExecution(plan), recommendationOf(plan))).kind).toBe('failed');
    expect(await aliasOf(first.model)).toBe('1');
    await first.server.close();
  });

  it('keeps a request for retraining as a scheduled run that a trainer finds by its tags', async () => {
    const { run, experimentId, server } = await approved('request-retraining');
    expect((await run()).kind).toBe('succeeded');
    const found = (await api('runs/search', {
      experiment_ids: [experimentId],
      filter: `tags."mlfi.request" = 'retrain' and attributes.status = 'SCHEDULED'`,
    })) as { runs: { data: { tags: { key: string; value: string }[] } }[] };
    expect(found.runs).toHaveLength(1);
    expect(found.runs[0]?.data.tags).toEqual(
      expect.arrayContaining([{ key: 'mlfi.model', value: 'fraud-detector' }]) as unknown,
    );
    await server.close();
  });
});
