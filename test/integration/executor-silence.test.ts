import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyActionTarget } from '../../exporter/src/domain/action-target.js';
import { createExecutors } from '../../exporter/src/governance/executors/index.js';
import {
  egressOf,
  LOOPBACK,
  newExecution,
  planOf,
  portsOf,
  recommendationOf,
} from '../unit/governance/executors/setting.js';
import { conformance } from '../unit/governance/executors/battery.js';
import { Loopback } from '../unit/governance/executors/loopback.js';
import { MAY_SKIP } from './servers/python-server.js';
import { alertmanagerExists, startAlertmanager } from './servers/alertmanager.js';

describe.skipIf(!alertmanagerExists && MAY_SKIP)('the battery on a real Alertmanager', () => {
  conformance({
    executor: 'alertmanager-silence',
    repetition: 'lookup',
    onceDespiteRepetition: true,
    lookup: { provesReceived: true, provesNotReceived: true },
    // An Alertmanager of its own for every test, behind a way on which requests that write can be made to fail.
    arena: async () => {
      const real = await startAlertmanager();
      const server = await Loopback.start(async ({ method, url, body }) => {
        const response = await fetch(`${real.url}${url}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body }),
        });
        const text = await response.text();
        return { status: response.status, ...(text === '' ? {} : { body: JSON.parse(text) as unknown }) };
      });
      const silences = async () => (await (await fetch(`${real.url}/api/v2/silences`)).json()) as object[];
      return {
        server,
        targets: [silenceAt(server.url)],
        action: 'rollback',
        timeoutMs: 1_000,
        state: silences,
        effects: async () => (await silences()).length,
        stop: () => real.stop(),
      };
    },
  });
});

const silenceAt = (url: string): AnyActionTarget => ({
  executor: 'alertmanager-silence',
  name: 'quiet',
  actions: ['rollback'],
  models: null,
  timeoutMs: 5_000,
  authorizationSecret: 'canary',
  settings: { url, matchers: { model: '{model}' }, atMostMs: 600_000, afterwardsMs: 0 },
});

describe.skipIf(!alertmanagerExists && MAY_SKIP)('a silence in a real Alertmanager', () => {
  let url = '';
  let stop: () => Promise<void> = () => Promise.resolve();
  const http = egressOf(LOOPBACK);
  beforeAll(async () => {
    const real = await startAlertmanager();
    url = real.url;
    stop = () => real.stop();
  });
  afterAll(async () => {
    await http.close();
    await stop();
  });

  /** Names of the alerts that would reach a person now. */
  async function firing(): Promise<readonly string[]> {
    const alerts = (await (await fetch(`${url}/api/v2/alerts?silenced=false&active=true`)).json()) as {
      labels: { alertname: string };
    }[];
    return alerts.map(({ labels }) => labels.alertname).sort();
  }
  const silences = async () =>
    (await (await fetch(`${url}/api/v2/silences`)).json()) as { comment: string; status: { state: string } }[];

  it('mutes the model while the program runs, and nothing else, and ends with it', async () => {
    await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        ['fraud-detector', 'churn'].map((model) => ({ labels: { alertname: `Slow-${model}`, model } })),
      ),
    });
    const targets: AnyActionTarget[] = [
      {
        executor: 'command',
        name: 'local',
        actions: ['rollback'],
        models: null,
        timeoutMs: 20_000,
        authorizationSecret: null,
        // What is told at the end is what Alertmanager answered while the program ran.
        settings: {
          arguments: [
            process.execPath,
            '-e',
            `setTimeout(() => fetch('${url}/api/v2/alerts?silenced=false').then((r) => r.json()).then((a) => console.log('firing: ' + a.map((x) => x.labels.alertname).join())), 1500)`,
          ],
          directory: '/',
          environment: {},
        },
      },
      silenceAt(url),
    ];
    const executors = createExecutors(
      portsOf(http, () => targets),
      () => Promise.resolve(),
    );
    const plan = planOf(targets, 'rollback');
    const execution = newExecution(plan);
    expect(await firing()).toEqual(['Slow-churn', 'Slow-fraud-detector']);
    expect((await executors.command.prepare(plan)).kind).toBe('ready');
    expect(await silences()).toEqual([]);

    const outcome = await executors.command.execute(plan, execution, recommendationOf(plan));
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(outcome.detail).toContain('firing: Slow-churn;');
    expect(await silences()).toMatchObject([
      { comment: `mlfi execution ${execution.id}`, status: { state: 'expired' } },
    ]);
    await expect.poll(firing, { timeout: 10_000 }).toEqual(['Slow-churn', 'Slow-fraud-detector']);
  });

  it('is one silence however often it is sent, shortened in place, and found by its execution', async () => {
    const targets: AnyActionTarget[] = [silenceAt(url)];
    const executor = createExecutors(
      portsOf(http, () => targets),
      () => Promise.resolve(),
    )['alertmanager-silence'];
    const plan = planOf(targets, 'rollback');
    const execution = newExecution(plan);
    const before = (await silences()).length;
    expect(await executor.lookup(execution, plan)).toMatchObject({ kind: 'not-received' });
    await executor.execute(plan, execution, recommendationOf(plan));
    await executor.execute(plan, execution, recommendationOf(plan));
    expect((await silences()).length).toBe(before + 1);
    expect(await executor.lookup(execution, plan)).toMatchObject({ kind: 'succeeded' });
  });
});
