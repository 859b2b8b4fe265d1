import { expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import { executionId } from '../../../../exporter/src/domain/identifiers.js';
import { workflowName } from '../../../../exporter/src/governance/executors/argo-workflow.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from './battery.js';
import { Loopback, type Reply } from './loopback.js';
import { CANARY, egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';

interface Workflow {
  readonly metadata: { readonly name: string; readonly labels: string };
  readonly parameters: readonly string[];
  readonly status: { readonly phase: string };
}

/**
 * The Argo server's routes, with the gRPC gateway's errors ({code, message}): 401 without a token, 404 (code 5) for an unknown
 * template or workflow, 409 (code 6) for a name that exists, 400 (code 3) for a name Kubernetes does not take.
 */
async function argo(
  kind: 'WorkflowTemplate' | 'CronWorkflow' = 'WorkflowTemplate',
): Promise<Arena & { readonly workflows: Map<string, Workflow> }> {
  const workflows = new Map<string, Workflow>();
  const server = await Loopback.start(({ method, url, headers, body }): Reply => {
    if (headers.authorization !== `Bearer ${CANARY}`)
      return { status: 401, body: { code: 16, message: 'token not valid' } };
    const templates = kind === 'WorkflowTemplate' ? 'workflow-templates' : 'cron-workflows';
    if (method === 'GET' && url === `/api/v1/${templates}/ml/retrain`)
      return { status: 200, body: { metadata: { name: 'retrain' } } };
    if (method === 'POST' && url === '/api/v1/workflows/ml/submit') {
      const asked = JSON.parse(body) as {
        resourceKind: string;
        resourceName: string;
        submitOptions: { name: string; parameters: string[]; labels: string };
      };
      if (asked.resourceKind !== kind || asked.resourceName !== 'retrain')
        return {
          status: 404,
          body: { code: 5, message: `workflowtemplates.argoproj.io "${asked.resourceName}" not found` },
        };
      const { name, parameters, labels } = asked.submitOptions;
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
        return { status: 400, body: { code: 3, message: 'a lowercase RFC 1123 subdomain must consist of' } };
      if (workflows.has(name))
        return { status: 409, body: { code: 6, message: `workflows.argoproj.io "${name}" already exists` } };
      workflows.set(name, { metadata: { name, labels }, parameters, status: { phase: 'Running' } });
      return { status: 200, body: workflows.get(name) };
    }
    const workflow = workflows.get(/^\/api\/v1\/workflows\/ml\/([^/]+)$/.exec(url)?.[1] ?? '');
    return method === 'GET' && workflow !== undefined
      ? { status: 200, body: workflow }
      : { status: 404, body: { code: 5, message: 'not found' } };
  });
  const targets: AnyActionTarget[] = [
    {
      executor: 'argo-workflow',
      name: 'pipelines',
      actions: ['retrain'],
      models: null,
      timeoutMs: 1_000,
      authorizationSecret: 'canary',
      settings: { url: server.url, namespace: 'ml', kind, template: 'retrain', parameters: { model: '{model}' } },
    },
  ];
  return { server, targets, action: 'retrain', state: () => [...workflows], effects: () => workflows.size, workflows };
}

conformance({
  executor: 'argo-workflow',
  repetition: 'lookup',
  onceDespiteRepetition: true,
  lookup: { provesReceived: true, provesNotReceived: true },
  arena: argo,
});

it('gives every execution a name of its own that Kubernetes takes, always the same', () => {
  const names = ['A_b-C', 'a_b-c', '____', 'x'.repeat(24)].map((id) => workflowName({ id: executionId(id) }));
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name).toMatch(/^mlfi-[0-9a-f]{32}$/);
  expect(workflowName({ id: executionId('A_b-C') })).toBe(names[0]);
});

it.each(['WorkflowTemplate', 'CronWorkflow'] as const)('submits a %s with parameters and labels', async (kind) => {
  const arena = await argo(kind);
  const http = egressOf(LOOPBACK);
  const executor = createExecutors(
    portsOf(http, () => arena.targets),
    () => Promise.resolve(),
  )['argo-workflow'];
  const plan = planOf(arena.targets, 'retrain');
  const execution = newExecution(plan);
  expect((await executor.prepare(plan)).kind).toBe('ready');
  await executor.execute(plan, execution, recommendationOf(plan));
  expect(arena.workflows.get(workflowName(execution))).toMatchObject({
    parameters: ['model=fraud-detector'],
    metadata: { labels: 'mlfi.io/model=fraud-detector,mlfi.io/action=retrain' },
  });
  expect(await executor.lookup(execution, plan)).toMatchObject({
    detail: expect.stringContaining('Running') as string,
  });
  await http.close();
  await arena.server.close();
});
