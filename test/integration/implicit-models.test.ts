import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.close());

const prediction = (model: string): object => ({
  model_id: model,
  features: { age: 30 },
  prediction: 'yes',
  confidence: 0.9,
});
const log = (model: string): Promise<{ status: number }> =>
  running.request('POST', '/monitoring/prediction', prediction(model));
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

it('are logged for the model they name, whatever JSON cannot say stands beside it', async () => {
  const send = async (body: string): Promise<readonly [number, unknown]> => {
    const response = await fetch(`${running.service.address}/monitoring/prediction`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${running.key}` },
      body,
    });
    const { model, error } = (await response.json()) as { model?: string; error?: { message: string } };
    return [response.status, model ?? error?.message];
  };
  const row = (id: string, x: string): string => `{"model_id":"${id}","prediction":"no","features":{"x":${x}}}`;
  expect(await send(row('nan-churn', 'NaN'))).toEqual([200, 'nan-churn']);
  expect(await send(row('nan-churn', '-Infinity'))).toEqual([200, 'nan-churn']);
  expect(await send(`[${row('nan-churn', '1')},${row('nan-churn', '2')}]`)).toEqual([200, 'nan-churn']);
  expect(await send(`[${row('nan-churn', '1')},${row('nan-price', '2')}]`)).toEqual([
    400,
    'the rows are not all of one model: send those of each model by themselves',
  ]);
  expect(await view('nan-churn')).toMatchObject({ total_samples: 4 });
});

describe('names that could become one model', () => {
  it('are two models where an id cannot say them, each with its name and always the same id', async () => {
    const ids: string[] = [];
    for (const name of ['モデル', '模型', 'モデル', 'Modèle 1', 'Mode\u0300le 1']) {
      const { status, body } = await running.request('POST', '/monitoring/prediction', prediction(name));
      expect(status).toBe(200);
      ids.push((body as { model: string }).model);
    }
    const [first = '', second = '', again, accent, decomposed] = ids;
    expect(new Set([first, second, accent]).size).toBe(3);
    expect([again, decomposed]).toEqual([first, accent]);
    expect(await view(first)).toMatchObject({ name: 'モデル', total_samples: 2 });
    expect(await view(second)).toMatchObject({ name: '模型', total_samples: 1 });
  });

  it('are refused where they would share an id, in either order and at once, and nothing of the second is counted', async () => {
    for (const [first, second] of [
      ['Fraud_A', 'fraud-a'],
      ['price-b', 'Price B'],
    ] as const) {
      const answers = await Promise.all([log(first), log(second), log(first), log(second)]);
      const byName = new Map([first, second].map((name, i) => [name, [answers[i]?.status, answers[i + 2]?.status]]));
      const [taken, refused] = byName.get(first)?.[0] === 200 ? [first, second] : [second, first];
      expect([byName.get(taken), byName.get(refused)]).toEqual([
        [200, 200],
        [409, 409],
      ]);
      const id = first.toLowerCase().replace('_', '-');
      expect(await view(id)).toMatchObject({ name: taken, total_samples: 2 });
      const made = await running.request('POST', '/api/v1/models', { name: refused });
      expect(made).toMatchObject({ status: 409, body: { error: { field: 'id', details: { id, name: taken } } } });
    }
  });

  it('may be said by its id where somebody gave it both', async () => {
    expect((await running.request('POST', '/api/v1/models', { id: 'churn', name: 'Churn of 2026' })).status).toBe(201);
    expect((await log('churn')).status).toBe(200);
    expect(await view('churn')).toMatchObject({ name: 'Churn of 2026', total_samples: 1 });
  });

  it.each(['with\u0000nul', 'with\u001b[2Jescape', ''])('are refused at the border: %j', async (name) => {
    expect(await running.request('POST', '/monitoring/prediction', prediction(name))).toMatchObject({
      status: 400,
      body: { error: { field: 'model_id' } },
    });
    expect((await running.request('POST', '/api/v1/models', { name })).status).toBe(400);
    expect((await running.request('POST', '/api/v1/keys', { name, scopes: ['read'] })).status).toBe(400);
  });
});

describe('models that rows may make by themselves', () => {
  const ways = (at: RunningService): Record<string, (name: string) => Promise<{ status: number; text: string }>> => {
    const post = async (path: string, type: string, body: object): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${at.service.address}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${at.key}`, 'content-type': type },
        body: JSON.stringify(body),
      });
      return { status: response.status, text: await response.text() };
    };
    return {
      'a model_id': (name) => post('/monitoring/prediction', 'application/json', prediction(name)),
      'a service of CloudEvents': (name) =>
        post('/api/v1/cloudevents', 'application/cloudevents+json', {
          ...{ specversion: '1.0', id: name, type: 'scored', source: 's', modelid: name },
          data: { prediction: 'yes' },
        }),
      'a service of OpenTelemetry': (name) =>
        post('/v1/logs', 'application/json', {
          resourceLogs: [
            {
              scopeLogs: [
                {
                  logRecords: [
                    {
                      attributes: [
                        { key: 'mlfi.model', value: { stringValue: name } },
                        { key: 'mlfi.prediction', value: { stringValue: 'yes' } },
                      ],
                    },
                  ],
                },
              ],
            },
          ],
        }),
    };
  };
  const names = async (at: RunningService): Promise<string[]> =>
    at.service.application.models
      .statuses()
      .map(({ model }) => model.name)
      .sort();

  it('are as many as intake.limits.models, whoever names them; people register further ones, and those that are there go on', async () => {
    const few = await runService({ intake: { limits: { models: 3 } } });
    try {
      const by = Object.entries(ways(few));
      for (const [way, send] of by) expect([way, (await send(`first by ${way}`)).status]).toEqual([way, 200]);
      for (const [way, send] of by) {
        expect([way, (await send(`second by ${way}`)).text]).toEqual([
          way,
          expect.stringContaining('intake.limits.models') as string,
        ]);
        expect((await send(`first by ${way}`)).text).not.toContain('intake.limits');
      }
      expect(await by[0]?.[1]('one more')).toMatchObject({ status: 409 });
      expect((await few.request('POST', '/api/v1/models', { id: 'by-hand' })).status).toBe(201);
      expect(await names(few)).toEqual(['by-hand', ...by.map(([way]) => `first by ${way}`)]);
    } finally {
      await few.close();
    }
  });

  it('are none where intake.new_models is false; those that are watched under the name are meant', async () => {
    const none = await runService({ intake: { new_models: false }, models: [{ id: 'known' }] });
    try {
      for (const [way, send] of Object.entries(ways(none))) {
        expect([way, (await send('unknown')).text]).toEqual([
          way,
          expect.stringContaining('intake.new_models') as string,
        ]);
        expect([way, await send('known')]).toEqual([way, expect.objectContaining({ status: 200 })]);
        expect((await send('known')).text).not.toContain('new_models');
      }
      expect(await names(none)).toEqual(['known']);
    } finally {
      await none.close();
    }
  });
});
