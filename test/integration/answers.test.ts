import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { z } from 'zod';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

/** Collections with something in them here: an empty list would satisfy any schema. */
const FILLED = [
  'models',
  'incidents',
  'recommendations',
  'signals',
  'entries',
  'lessons',
  'checkpoints',
  'keys',
  'alerts',
];

const ALERT = {
  version: '4',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'Checkout', model_name: 'healthy' },
      annotations: {},
      startsAt: '2026-11-24T12:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: 'f',
    },
  ],
};

let models: DemoModels;
let running: RunningService;
/** For `:id`, by the part of the path before it. */
const ids: Record<string, string> = {};

/** A service that has seen everything an answer can hold: a diagnosed incident, a vote, and a closed incident with its lesson. */
beforeAll(async () => {
  models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7) });
  running = await runService({
    models: ['healthy', 'low-confidence', 'random'].map((id) => ({ id, url: models.urlOf(id) })),
  });
  const get = async <T>(path: string): Promise<T> => (await running.request('GET', path)).body as T;
  const openOf = (model: string): Promise<string> =>
    eventually(`an incident of ${model}`, 90_000, async () => {
      const { incidents } = await get<{ incidents: { id: string; model_id: string }[] }>('/api/v1/incidents');
      return incidents.find(({ model_id }) => model_id === model)?.id ?? null;
    });
  await openOf('random');
  expect((await running.request('DELETE', '/api/v1/models/random')).status).toBeLessThan(300);
  ids['models'] = 'low-confidence';
  ids['incidents'] = await openOf('low-confidence');
  // Proposals are made once the cause is firm.
  const first = await eventually('a proposal', 60_000, async () => {
    const { recommendations } = await get<{ recommendations: { id: string; digest: string }[] }>(
      `/api/v1/recommendations?incident=${ids['incidents']}`,
    );
    return recommendations[0] ?? null;
  });
  ids['recommendations'] = first.id;
  await running.request('POST', '/api/v1/audit/checkpoints', {});
  expect(await running.request('POST', '/api/v1/alerts/alertmanager', ALERT)).toMatchObject({ status: 202 });
  const vote = { recommendation_id: first.id, digest: first.digest, verdict: 'reject', reason: 'only looking' };
  expect(await running.request('POST', '/api/v1/votes', vote, TOKENS.ada)).toMatchObject({ status: 200 });
}, 180_000);
afterAll(async () => {
  await running.close();
  await models.close();
});

/** GET routes that answer with JSON; Prometheus' own formats are tested with Prometheus. */
const described = ROUTES.flatMap(({ method, path, responses }) => {
  const schema = responses[200];
  return method === 'GET' && schema instanceof z.ZodType && path !== '/sd/models' ? [{ path, schema }] : [];
});

it.each(described)('GET $path answers what its schema says, and nothing besides', async ({ path, schema }) => {
  const { status, body } = await running.request(
    'GET',
    path.replace(/\/(\w+)\/:id/, (_, kind: string) => `/${kind}/${ids[kind] ?? 'unknown'}`),
  );
  expect(status, JSON.stringify(body)).toBe(200);
  expect(schema.parse(body)).toEqual(body);
  for (const [name, list] of Object.entries(body as object))
    if (Array.isArray(list) && FILLED.includes(name)) expect(list, name).not.toHaveLength(0);
});

it('shows no name in camelCase and no secret, whatever is asked', async () => {
  for (const { path } of described) {
    const { body } = await running.request(
      'GET',
      path.replace(/\/(\w+)\/:id/, (_, kind: string) => `/${kind}/${ids[kind] ?? 'unknown'}`),
    );
    const text = JSON.stringify(withoutOpaque(body));
    expect(text.match(/"[a-z]+[A-Z]\w*":/g) ?? [], path).toEqual([]);
    expect(text).not.toMatch(/secret_?hash|authorization_?secret|token_?hash/i);
  }
});

/** Without what is passed on as it is: audited entries, plans, features' own names. */
function withoutOpaque(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOpaque);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) =>
      key === 'parameters' || (key === 'body' && 'previous_hash' in value) ? [] : [[key, withoutOpaque(part)]],
    ),
  );
}
