import { afterAll, beforeAll, expect, it } from 'vitest';
import { KubernetesApi } from '../unit/governance/executors/kubernetes-api.js';
import { Loopback } from '../unit/governance/executors/loopback.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

const TOKEN = 'canary-cluster-token';
let cluster: Awaited<ReturnType<typeof KubernetesApi.start>>;
let model: Loopback;
let running: RunningService;

interface Recommendation {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly action: string;
  readonly dry_run: string;
  readonly plan: { readonly executor: string; readonly parameters: { readonly pinned?: object } } | null;
  readonly execution: { readonly state: string; readonly detail: string } | null;
}

beforeAll(async () => {
  cluster = await KubernetesApi.start(TOKEN, ['fraud:1']);
  // The model answers by the image that is deployed: the newer one has its classes swapped.
  model = await Loopback.start(
    ({ method, body }) => {
      if (method !== 'POST') return { status: 404, body: {} };
      const { amount = 0 } = JSON.parse(body) as { amount?: number };
      const isFraud = amount > 100 !== (cluster.api.image === 'fraud:2');
      return { status: 200, body: { prediction: isFraud ? 'fraud' : 'fine', confidence: 0.9 } };
    },
    () => false,
  );
  running = await runService({
    secrets: { cluster: { value: TOKEN } },
    models: [
      {
        id: 'fraud',
        url: `${model.url}/predict`,
        connector: 'rest',
        payloads: [{ amount: 40, country: 'DE' }],
        golden_inputs: [40, 90, 150, 400].map((amount) => ({ amount, country: 'DE' })),
      },
    ],
    governance: {
      executors: {
        kubernetes: [
          {
            name: 'undo',
            actions: ['rollback'],
            url: cluster.server.url,
            namespace: 'ml',
            deployment: '{model}',
            operation: 'rollout-undo',
            authorization_secret: 'cluster',
          },
        ],
      },
    },
  });
});
afterAll(async () => {
  await running.close();
  await model.close();
  await cluster.server.close();
});

const get = async <T>(path: string): Promise<T> => (await running.request('GET', path)).body as T;

it('finds a bad release, proposes to undo exactly it, and undoes it after a named person approved', async () => {
  await eventually('the baseline', 60_000, async () =>
    (await get<{ state: string }>('/api/v1/models/fraud')).state === 'healthy' ? true : null,
  );
  const readsBefore = cluster.server.requests.length;
  cluster.api.deploy('fraud:2');

  const rollback = await eventually('the rollback', 60_000, async () => {
    const { recommendations } = await get<{ recommendations: Recommendation[] }>('/api/v1/recommendations?model=fraud');
    return recommendations.find(({ action, state }) => action === 'rollback' && state === 'pending') ?? null;
  });
  expect(rollback.plan).toMatchObject({
    executor: 'kubernetes',
    target: 'undo',
    parameters: {
      model: 'fraud',
      pinned: { from_revision: 2, to_revision: 1, from_images: ['fraud:2'], to_images: ['fraud:1'] },
    },
  });
  const { dry_run: dryRun } = await get<Recommendation>(`/api/v1/recommendations/${rollback.id}`);
  expect(dryRun).toContain('would roll deployment ml/fraud back from revision 2 (fraud:2) to revision 1 (fraud:1)');
  expect(cluster.api.image).toBe('fraud:2');
  // Looking costs the cluster a handful of calls per proposal, not some per look.
  expect(cluster.server.requests.length - readsBefore).toBeLessThan(60);

  const vote = { recommendation_id: rollback.id, digest: rollback.digest, verdict: 'approve', reason: 'bad release' };
  expect((await running.request('POST', '/api/v1/votes', vote, TOKENS.ada)).status).toBe(200);
  const done = await eventually('the execution', 20_000, async () => {
    const record = await get<Recommendation>(`/api/v1/recommendations/${rollback.id}`);
    return record.execution?.state === 'succeeded' ? record : null;
  });
  expect(done.execution?.detail).toContain('the API server took it');
  expect(cluster.api.image).toBe('fraud:1');
  expect(cluster.api.revision).toBe(3);
  expect(await get('/api/v1/audit/verify')).toMatchObject({ kind: 'intact' });
  const said = JSON.stringify([await get('/api/v1/audit?limit=1000'), await get('/api/v1/recommendations')]);
  expect(said).not.toContain(TOKEN);
}, 150_000);
