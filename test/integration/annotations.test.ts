import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';
import { startGrafanaAnnotations, type GrafanaAnnotations } from './servers/grafana-annotations.js';

interface Recommendation {
  readonly id: string;
  readonly digest: string;
  readonly title: string;
  readonly plan: object | null;
}

let models: DemoModels;
let receiver: Server;
let grafana: GrafanaAnnotations;
let running: RunningService;

const pending = async (): Promise<readonly Recommendation[]> => {
  const { body } = await running.request('GET', '/api/v1/recommendations?pending=true');
  return (body as { recommendations: Recommendation[] }).recommendations;
};
const posted = (...tags: string[]): GrafanaAnnotations['stored'] =>
  grafana.stored.filter((annotation) => tags.every((tag) => annotation.tags.includes(tag)));

beforeAll(async () => {
  models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7) });
  receiver = createServer((_, response) => response.writeHead(200).end('{}'));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  grafana = await startGrafanaAnnotations();
  // Grafana is away while the incident opens.
  grafana.behaviour = 503;
  running = await runService({
    models: [{ id: 'low', url: models.urlOf('low-confidence') }],
    annotations: { grafana_url: grafana.url, token: grafana.token },
    governance: {
      webhooks: [
        {
          name: 'platform',
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/act`,
          actions: ['retrain', 'rollback', 'recalibrate', 'scale-out', 'restart-endpoint', 'fix-pipeline'],
        },
      ],
    },
  });
});
afterAll(async () => {
  await running.close();
  await grafana.close();
  await models.close();
  await new Promise((resolve) => receiver.close(resolve));
});

it('the loop goes on while Grafana is away, over a restart, and everything is told once when it is back', async () => {
  const plan = await eventually(
    'a recommendation with a plan',
    60_000,
    async () => (await pending()).find((recommendation) => recommendation.plan !== null) ?? null,
  );
  await eventually('a try that fails', 10_000, () =>
    grafana.requests.some(({ status }) => status === 503) ? true : null,
  );
  await running.restart();
  const { status } = await running.request(
    'POST',
    '/api/v1/votes',
    { recommendation_id: plan.id, verdict: 'approve', digest: plan.digest, reason: 'seen it' },
    TOKENS.ada,
  );
  expect(status).toBe(200);
  expect(grafana.stored).toEqual([]);

  grafana.behaviour = 'well';
  await eventually('the execution told', 60_000, () => (posted('action', 'succeeded').length > 0 ? true : null));
  expect(posted('incident', 'opened', 'model_name:low')).toHaveLength(1);
  const [decision, ...others] = posted('decision', 'approved', 'model_name:low');
  expect(others).toEqual([]);
  expect(decision?.text).toContain('Approved by Ada: ');
  expect(posted('action', 'succeeded', 'model_name:low')).toHaveLength(1);
  const inOrder = grafana.stored.map(({ tags }) => tags[2]).filter((tag) => tag !== 'opened');
  expect(inOrder.indexOf('approved')).toBeLessThan(inOrder.indexOf('succeeded'));
});

it('never posts again what it has told, and shows its token nowhere', async () => {
  const before = grafana.stored.length;
  await running.restart();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const kinds = grafana.stored.map(({ tags, text }) => `${tags.join()} ${text}`);
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(grafana.stored.length).toBeGreaterThanOrEqual(before);
  for (const path of ['/metrics', '/metrics/models', '/api/v1/models', '/'])
    expect(JSON.stringify((await running.request('GET', path)).body)).not.toContain(grafana.token);
});
