import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.close());

const log = (model: string): Promise<{ status: number }> =>
  running.request('POST', '/monitoring/prediction', {
    model_id: model,
    features: { age: 30 },
    prediction: 'yes',
    confidence: 0.9,
  });
const view = async (id: string): Promise<Record<string, unknown>> =>
  (await running.request('GET', `/api/v1/models/${id}`)).body as Record<string, unknown>;

it('makes one model of many first predictions at once, and counts each', async () => {
  const answers = await Promise.all(Array.from({ length: 25 }, () => log('newcomer')));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 200));
  expect(await view('newcomer')).toMatchObject({ total_samples: 25 });
});

it('takes up a model that is stored but not watched here as it was stored', async () => {
  const registered = { id: 'stored', url: 'http://127.0.0.1:9/predict', owner: 'fraud team', tags: ['card'] };
  // Nothing answers there, so it comes as another instance on the same database would write it.
  expect((await log('template')).status).toBe(200);
  const db = knex({
    client: 'sqlite3',
    connection: { filename: join(running.directory, 'mlfi.sqlite') },
    useNullAsDefault: true,
  });
  const template = await db('model').where({ id: 'template' }).first<{ document: string }>('document');
  const document = JSON.parse(template.document) as Record<string, unknown>;
  const endpoint = { url: registered.url, connector: 'rest', settings: {}, authorizationSecret: null };
  await db('model').insert({
    ...(await db('model').where({ id: 'template' }).first<object>()),
    id: 'stored',
    document: JSON.stringify({ ...document, ...registered, url: undefined, name: 'Stored', endpoint, paused: true }),
  });
  const answers = await Promise.all([log('stored'), log('stored')]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const kept = await db('model').where({ id: 'stored' }).first<{ document: string }>('document');
  await db.destroy();
  expect(JSON.parse(kept.document)).toMatchObject({
    id: 'stored',
    name: 'Stored',
    owner: 'fraud team',
    tags: ['card'],
    paused: true,
    endpoint: { url: registered.url },
  });
  expect(await view('stored')).toMatchObject({ total_samples: 2 });
});
