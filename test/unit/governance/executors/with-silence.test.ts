import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import type { Executor } from '../../../../exporter/src/domain/ports.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { conformance, type Arena } from './battery.js';
import { Loopback, type Request } from './loopback.js';
import { egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';

interface Silence {
  readonly id: string;
  readonly comment: string;
  readonly createdBy: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly matchers: unknown;
}

/** Alertmanager's API v2 as its openapi.yaml describes it: an unknown id is refused with 404, a known one is changed in place. */
async function alertmanager(): Promise<Arena & { readonly silences: Map<string, Silence> }> {
  const silences = new Map<string, Silence>();
  let made = 0;
  const shown = (silence: Silence) => ({
    ...silence,
    status: { state: Date.parse(silence.endsAt) <= Date.now() ? 'expired' : 'active' },
  });
  const server = await Loopback.start(({ method, url, body }: Request) => {
    if (method === 'GET' && url === '/api/v2/status') return { status: 200, body: { cluster: {} } };
    if (method === 'GET' && url === '/api/v2/silences') return { status: 200, body: [...silences.values()].map(shown) };
    if (method === 'POST' && url === '/api/v2/silences') {
      const asked = JSON.parse(body) as Omit<Silence, 'id'> & { id?: string };
      if (asked.id !== undefined && !silences.has(asked.id)) return { status: 404, body: 'silence not found' };
      if (asked.id === undefined) made += 1;
      const id = asked.id ?? `s-${made}`;
      silences.set(id, { ...asked, id });
      return { status: 200, body: { silenceID: id } };
    }
    const id = /^\/api\/v2\/silence\/(.+)$/.exec(url)?.[1] ?? '';
    const silence = silences.get(id);
    if (method !== 'DELETE' || silence === undefined) return { status: 404 };
    silences.set(id, { ...silence, endsAt: new Date().toISOString() });
    return { status: 200 };
  });
  const targets: AnyActionTarget[] = [
    {
      executor: 'alertmanager-silence',
      name: 'quiet',
      actions: ['rollback'],
      models: null,
      timeoutMs: 1_000,
      authorizationSecret: 'canary',
      settings: { url: server.url, matchers: { model: '{model}' }, atMostMs: 600_000, afterwardsMs: 0 },
    },
  ];
  return { server, targets, action: 'rollback', state: () => [...silences], effects: () => made, silences };
}

conformance({
  executor: 'alertmanager-silence',
  repetition: 'lookup',
  onceDespiteRepetition: true,
  lookup: { provesReceived: true, provesNotReceived: true },
  arena: alertmanager,
});

const commandThat = (exit: number): AnyActionTarget => ({
  executor: 'command',
  name: 'local',
  actions: ['rollback'],
  models: null,
  timeoutMs: 5_000,
  authorizationSecret: null,
  settings: { arguments: [process.execPath, '-e', `process.exit(${exit})`], directory: '/', environment: {} },
});

let arena: Awaited<ReturnType<typeof alertmanager>>;
const http = egressOf(LOOPBACK);
beforeEach(async () => {
  arena = await alertmanager();
});
afterEach(() => arena.server.close());

function around(command: AnyActionTarget, afterwardsMs = 0) {
  const targets = [
    command,
    ...arena.targets.map((target) =>
      target.executor === 'alertmanager-silence'
        ? { ...target, settings: { ...target.settings, afterwardsMs } }
        : target,
    ),
  ];
  const executor: Executor = createExecutors(
    portsOf(http, () => targets),
    () => Promise.resolve(),
  ).command;
  const plan = planOf(targets, 'rollback');
  const execution = newExecution(plan);
  return { executor, plan, run: () => executor.execute(plan, execution, recommendationOf(plan)) };
}
const posts = (): readonly string[] =>
  arena.server.requests.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);

it('is set before the action and ended after it', async () => {
  const { run, executor, plan } = around(commandThat(0));
  expect(await executor.prepare(plan)).toMatchObject({
    text: expect.stringMatching(/would run .* would silence alerts with model="fraud-detector".*10 min/) as string,
  });
  expect(await run()).toMatchObject({ kind: 'succeeded', detail: expect.stringContaining('was ended') as string });
  expect(posts()).toEqual(['POST /api/v2/silences', 'DELETE /api/v2/silence/s-1']);
  expect(arena.silences.get('s-1')?.matchers).toEqual([
    { name: 'model', value: 'fraud-detector', isRegex: false, isEqual: true },
  ]);
});

it('stays for a while after an action that was carried out, not after one that was not', async () => {
  expect((await around(commandThat(0), 120_000).run()).detail).toContain('ends at');
  const left = Date.parse(arena.silences.get('s-1')?.endsAt ?? '') - Date.now();
  expect(left).toBeGreaterThan(110_000);
  expect(left).toBeLessThan(121_000);
  expect(await around(commandThat(1), 120_000).run()).toMatchObject({ kind: 'failed' });
  expect(Date.parse(arena.silences.get('s-2')?.endsAt ?? '')).toBeLessThanOrEqual(Date.now());
});

it('does not hold the action up when it cannot be set, and the outcome says so', async () => {
  arena.server.fault = { status: 500 };
  expect(await around(commandThat(0)).run()).toMatchObject({
    kind: 'succeeded',
    detail: expect.stringContaining('the silence was not set') as string,
  });
  await arena.server.close();
  const { run, executor, plan } = around(commandThat(0));
  expect((await executor.prepare(plan)).kind).toBe('ready');
  expect(await run()).toMatchObject({ kind: 'succeeded', detail: expect.stringContaining('not set') as string });
});
