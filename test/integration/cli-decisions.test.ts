import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { incidentId, lessonId, modelId } from '../../exporter/src/domain/identifiers.js';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

const CLI = join(import.meta.dirname, '../../exporter/dist/src/main.js');

let models: DemoModels;
let receiver: Server;
let running: RunningService;
let waiting: { readonly id: string; readonly digest: string; readonly incident_id: string };

beforeAll(async () => {
  models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(5) });
  receiver = createServer((_, response) => response.end('{}'));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/act`;
  running = await runService({
    governance: { webhooks: [{ name: 'platform', url, actions: ['retrain', 'recalibrate'] }] },
  });
  await running.request('POST', '/api/v1/models', { id: 'low-confidence', url: models.urlOf('low-confidence') });
  waiting = await eventually('a proposal with a plan', 60_000, async () => {
    const { body } = await running.request('GET', '/api/v1/recommendations?pending=true');
    const { recommendations } = body as { recommendations: readonly (typeof waiting & { plan: object | null })[] };
    return recommendations.find(({ plan }) => plan !== null) ?? null;
  });
}, 90_000);
afterAll(async () => {
  await running.close();
  await models.close();
  receiver.close();
});

interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function mlfi(token: string | null, ...given: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...given], {
      env: {
        PATH: process.env['PATH'],
        MLFI_URL: running.service.address,
        ...(token === null ? {} : { MLFI_TOKEN: token }),
      },
    });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, out, error }));
  });
}

it('asks who somebody is, and lets no key of a machine decide', async () => {
  expect(await mlfi(null, 'decisions', 'list')).toMatchObject({ code: 1, error: /No credentials: pass --token-file/ });
  const byKey = await mlfi(running.key, 'decisions', 'approve', waiting.id, waiting.digest, '-r', 'as a machine');
  expect(byKey).toMatchObject({ code: 1, error: /only people decide/ });
  expect((await mlfi(TOKENS.ada, 'decisions', 'approve', waiting.id, waiting.digest)).error).toMatch(/--reason/);
});

it('shows what waits with its digest, and decides on exactly that', async () => {
  const listed = await mlfi(TOKENS.ada, 'decisions', 'list');
  expect(listed.out).toContain(waiting.id);
  const shown = await mlfi(TOKENS.ada, 'decisions', 'show', waiting.id);
  expect(shown.out).toContain(`digest    ${waiting.digest}`);
  expect(shown.out).toMatch(/plan {6}webhook http/);
  expect(shown.out).toMatch(/^ {2}steps {5}1\. \S/m);

  const stale = await mlfi(TOKENS.ada, 'decisions', 'approve', waiting.id, 'f'.repeat(64), '-r', 'of something else');
  expect(stale.code).toBe(1);
  expect(stale.error).not.toBe('');
  const short = await mlfi(TOKENS.ada, 'decisions', 'approve', waiting.id, waiting.digest, '-r', 'x');
  expect(short).toMatchObject({ code: 1, error: 'reason: must have at least 3 characters\n' });
  const approved = await mlfi(TOKENS.ada, 'decisions', 'approve', waiting.id, waiting.digest, '-r', 'it is down');
  expect(approved).toMatchObject({ code: 0, error: '' });
  expect(approved.out).toMatch(/: (approved|dispatching|succeeded)$/m);
  expect((await mlfi(TOKENS.ada, 'decisions', 'show', waiting.id)).out).toContain('Ada: approve, it is down');
});

it('lists and shows incidents, and writes their report from the running service', async () => {
  const listed = await mlfi(TOKENS.ada, 'incidents', 'list', '--model', 'low-confidence');
  expect(listed).toMatchObject({ code: 0, error: '' });
  expect(listed.out).toContain(waiting.incident_id);
  expect(listed.out).toMatch(/ low-confidence: (?!low-confidence: )/);
  expect((await mlfi(TOKENS.ada, 'incidents', 'list', '--model', 'another')).out).toBe('no incident is open\n');
  const shown = await mlfi(TOKENS.ada, 'incidents', 'show', waiting.incident_id);
  expect(shown.out).toMatch(/severity {2}(high|critical): /);
  expect(shown.out).toContain(`  ${waiting.id}  [`);
  expect(shown.out).toContain('What happened:');
  expect((await mlfi(TOKENS.ada, 'incidents', 'show', 'nothing')).code).toBe(1);
  for (const which of [waiting.incident_id, 'latest']) {
    const report = await mlfi(running.key, 'report', which, '--url', running.service.address);
    expect(report).toMatchObject({ code: 0, error: '' });
    expect(report.out).toContain(`incident \`${waiting.incident_id}\``);
  }
  const json = await mlfi(running.key, 'report', 'latest', '--format', 'json');
  expect(JSON.parse(json.out)).toHaveProperty('incident');
  expect(await mlfi(running.key, 'report', 'nothing', '--format', 'csv')).toMatchObject({
    code: 1,
    error: /there is no incident/,
  });
});

it('reads the token from a file, throws the kill switch and gives feedback on alerts', async () => {
  const file = join(running.directory, 'ada');
  writeFileSync(file, `${TOKENS.ada}\n`);
  const as = ['--token-file', file];
  expect((await mlfi(null, 'kill-switch', 'on', '-r', 'year-end', ...as)).out).toBe(
    'Kill switch ON (set by Ada: year-end): no action will start\n',
  );
  expect((await mlfi(null, 'kill-switch', 'off', '-r', 'over', ...as)).out).toBe(
    'Kill switch off: approved actions are carried out\n',
  );
  expect(await mlfi(null, 'feedback', 'useful', waiting.incident_id, '-r', 'it was down', ...as)).toMatchObject({
    code: 0,
  });
  const learnt = JSON.parse((await mlfi(null, 'learning', 'show', ...as)).out) as { version: string };
  expect(learnt.version).toMatch(/^[0-9a-f]{16}$/);
  const unknown = await mlfi(null, 'decisions', 'withdraw', 'nothing', '-r', 'not there', ...as);
  expect(unknown.code).toBe(1);
  const nowhere = await mlfi(TOKENS.ada, 'decisions', 'list', '--url', 'http://127.0.0.1:9');
  expect(nowhere.error).toMatch(/nothing answers at .*--url says where/);
});

it('says which cause keeps coming back, and when, on the model, in its metrics and among what was learnt', async () => {
  const monday = Date.UTC(2026, 10, 2, 2);
  await running.restart(async () => {
    const store = await openStore({ kind: 'sqlite', file: join(running.directory, 'mlfi.sqlite') });
    for (const week of [0, 1, 2, 3])
      await store.lessons.save({
        id: lessonId(`week-${week}`),
        incidentId: incidentId(`week-${week}`),
        modelId: modelId('low-confidence'),
        cause: 'null-flood',
        severity: 'high',
        headline: 'income is missing',
        fingerprint: { 'cause:null-flood': 1, 'feature:income': 0.4 },
        openedAtMs: Date.now() - ((Date.now() - monday) % (7 * 86_400_000)) - week * 7 * 86_400_000,
        closedAtMs: Date.now(),
        actions: [],
      });
    await store.close();
  });
  await mlfi(TOKENS.ada, 'feedback', 'useful', waiting.incident_id, '-r', 'lessons are read anew');
  const { body } = await running.request('GET', '/api/v1/models/low-confidence');
  expect(body).toMatchObject({
    recurring_causes: [
      { cause: 'null-flood', features: ['income'], incidents: 4, hours: { weekday: 1, from_hour: 2 } },
    ],
  });
  const learnt = JSON.parse((await mlfi(TOKENS.ada, 'learning', 'show')).out) as {
    recurring_causes: readonly object[];
  };
  expect(learnt.recurring_causes).toHaveLength(1);
  const scraped = await fetch(`${running.service.address}/metrics/models`, {
    headers: { authorization: `Bearer ${running.key}` },
  });
  expect(await scraped.text()).toContain(
    'mlfi_recurring_cause_incidents{model_name="low-confidence",cause="null-flood"} 4',
  );
});
