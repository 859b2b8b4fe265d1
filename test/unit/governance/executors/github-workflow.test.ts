import { expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from './battery.js';
import { Loopback, type Reply } from './loopback.js';
import { CANARY, egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';

interface Run {
  readonly id: number;
  readonly display_title: string;
  readonly created_at: string;
  readonly html_url: string;
}

const targetAt = (url: string, correlationInput: string | null): AnyActionTarget => ({
  executor: 'github-workflow',
  name: 'retraining',
  actions: ['retrain'],
  models: null,
  timeoutMs: 1_000,
  authorizationSecret: 'canary',
  settings: {
    url,
    repository: 'acme/models',
    workflow: 'retrain.yml',
    ref: 'main',
    inputs: { model: '{model}', cause: '{cause}' },
    correlationInput,
  },
});

interface Github extends Arena {
  readonly runs: Run[];
  /** Runs are listed a moment after they were made. */
  hideRuns: boolean;
  workflowState: string;
}

/**
 * GitHub's workflow routes: 401 without a token, 404 for what is not there, 422 for inputs the workflow does not declare,
 * 200 with the run when `return_run_details` is asked for and 204 otherwise, `run-name` made from an input, runs filtered by
 * `created`. Nothing there takes an idempotency key: every accepted event is a run.
 */
async function github(correlationInput: string | null = 'mlfi_execution'): Promise<Github> {
  const runs: Run[] = [];
  const base = '/repos/acme/models/actions/workflows/retrain.yml';
  const declared = new Set(['model', 'cause', 'mlfi_execution']);
  const server = await Loopback.start(({ method, url, headers, body }): Reply => {
    if (headers.authorization !== `Bearer ${CANARY}`) return { status: 401, body: { message: 'Bad credentials' } };
    if (headers['user-agent'] === undefined) return { status: 403, body: { message: 'no User-Agent' } };
    const { pathname, searchParams } = new URL(url, 'http://g');
    if (method === 'GET' && pathname === base)
      return {
        status: 200,
        body: { id: 7, name: 'Retrain', state: arena.workflowState, path: '.github/workflows/retrain.yml' },
      };
    if (method === 'POST' && pathname === `${base}/dispatches`) {
      const asked = JSON.parse(body) as {
        ref?: string;
        inputs?: Record<string, string>;
        return_run_details?: boolean;
      };
      if (asked.ref !== 'main') return { status: 422, body: { message: `No ref found for: ${asked.ref ?? ''}` } };
      const unexpected = Object.keys(asked.inputs ?? {}).filter((name) => !declared.has(name));
      if (unexpected.length > 0)
        return { status: 422, body: { message: `Unexpected inputs provided: ${unexpected.join()}` } };
      const id = 1_000 + runs.length;
      const html_url = `https://github.com/acme/models/actions/runs/${id}`;
      runs.unshift({
        id,
        html_url,
        display_title: `Retrain ${asked.inputs?.['mlfi_execution'] ?? ''}`,
        created_at: new Date().toISOString(),
      });
      return asked.return_run_details === true
        ? { status: 200, body: { workflow_run_id: id, run_url: `${base}/${id}`, html_url } }
        : { status: 204 };
    }
    if (method === 'GET' && pathname === `${base}/runs`) {
      const since = Date.parse((searchParams.get('created') ?? '').replace('>=', ''));
      const found = arena.hideRuns ? [] : runs.filter(({ created_at }) => Date.parse(created_at) >= since);
      return { status: 200, body: { total_count: found.length, workflow_runs: found.slice(0, 100) } };
    }
    return { status: 404, body: { message: 'Not Found' } };
  });
  const arena: Github = {
    server,
    targets: [targetAt(server.url, correlationInput)],
    action: 'retrain',
    state: () => [...runs],
    effects: () => runs.length,
    runs,
    hideRuns: false,
    workflowState: 'active',
  };
  return arena;
}

conformance({
  executor: 'github-workflow',
  repetition: 'lookup',
  // GitHub starts a second run for a second event; that none is sent is governance's to keep, by the lookup.
  onceDespiteRepetition: false,
  lookup: { provesReceived: true, provesNotReceived: true },
  arena: () => github(),
});

async function approved(arena: Github) {
  const http = egressOf(LOOPBACK);
  const executor = createExecutors(
    portsOf(http, () => arena.targets),
    () => Promise.resolve(),
  )['github-workflow'];
  const plan = planOf(arena.targets, 'retrain');
  return {
    executor,
    plan,
    close: async () => {
      await http.close();
      await arena.server.close();
    },
  };
}

it('names the run that was started and passes the inputs on', async () => {
  const arena = await github();
  const { executor, plan, close } = await approved(arena);
  const execution = newExecution(plan);
  expect(await executor.execute(plan, execution, recommendationOf(plan))).toEqual({
    kind: 'succeeded',
    detail: 'run 1000 was started: https://github.com/acme/models/actions/runs/1000',
  });
  expect(JSON.parse(arena.server.requests.at(-1)?.body ?? '')).toEqual({
    ref: 'main',
    inputs: { model: 'fraud-detector', cause: 'model-changed', mlfi_execution: execution.id },
    return_run_details: true,
  });
  await close();
});

it('does not take a run that is not listed yet for one that was never started', async () => {
  const arena = await github();
  const { executor, plan, close } = await approved(arena);
  const execution = newExecution(plan);
  arena.server.fault = 'silent';
  arena.hideRuns = true;
  expect((await executor.execute({ ...plan }, execution, recommendationOf(plan))).kind).toBe('unknown');
  expect((await executor.lookup(execution, plan)).kind).toBe('unknown');
  await close();
});

it('claims to know nothing without a correlation input', async () => {
  const arena = await github(null);
  const { executor, plan, close } = await approved(arena);
  const execution = newExecution(plan);
  expect((await executor.execute(plan, execution, recommendationOf(plan))).kind).toBe('succeeded');
  expect((await executor.lookup({ ...execution, startedAtMs: 0 }, plan)).kind).toBe('unknown');
  await close();
});

it('tells the approver when the workflow is disabled, and the reader what GitHub says', async () => {
  const arena = await github('undeclared');
  const { executor, plan, close } = await approved(arena);
  arena.workflowState = 'disabled_manually';
  expect(await executor.prepare(plan)).toMatchObject({
    kind: 'impossible',
    reason: 'workflow retrain.yml is disabled_manually',
  });
  expect(await executor.execute(plan, newExecution(plan), recommendationOf(plan))).toMatchObject({
    kind: 'failed',
    detail: 'refused with 422: Unexpected inputs provided: undeclared',
  });
  await close();
});
