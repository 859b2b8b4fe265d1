import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService({ models: [{ id: 'in-file' }] });
  await running.request('POST', '/api/v1/models', { id: 'a' });
});
afterAll(() => running.close());

it.each([
  ['/v1/traces', { resourceSpans: 5 }, 'resourceSpans'],
  ['/v1/traces', { resourceSpans: [{ scopeSpans: 7 }] }, 'resourceSpans[0].scopeSpans'],
  ['/v1/logs', { resourceLogs: 'x' }, 'resourceLogs'],
  [
    '/v1/logs',
    { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: 'x' }] }] }] },
    'resourceLogs[0].scopeLogs[0].logRecords[0].attributes',
  ],
  ['/monitoring/prediction', { model_id: 5, prediction: 'x' }, 'model_id'],
  ['/api/v1/models', {}, 'url'],
] as const)('refuses a wrong body of %s: %j', async (path, body, field) => {
  const answer = await running.request('POST', path, body);
  expect(answer).toMatchObject({ status: 400, body: { error: { field } } });
});

it('takes OTLP that is well formed and tells nothing', async () => {
  for (const body of [{}, { resourceSpans: [] }, { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }] }] }] }])
    expect(await running.request('POST', '/v1/traces', body)).toMatchObject({ status: 200, body: {} });
});

it('says in plain words what is wrong with a body', async () => {
  const said = async (path: string, body: unknown): Promise<unknown> => {
    const { status, body: answer } = await running.request('POST', path, body);
    expect(status).toBe(400);
    return answer;
  };
  expect(await said('/monitoring/analyze', {})).toMatchObject({ error: { message: 'prediction_url: is missing' } });
  expect(await said('/monitoring/analyze', { prediction_url: 'ftp://x' })).toMatchObject({
    error: { message: 'prediction_url: must be an http or https address' },
  });
  expect(await said('/api/v1/models', { id: 'b', interval_seconds: 0 })).toMatchObject({
    error: { message: 'interval_seconds: must be at least 0.1' },
  });
  expect(await said('/api/v1/models', { id: 'b', payloads: 'x' })).toMatchObject({
    error: { message: 'payloads: must be a list' },
  });
});

it.each([
  [99_999_999_999_999, 'more than 5 minutes in the future'],
  [Math.floor(Date.now() / 1_000), 'this looks like seconds'],
  [1.5, 'must be a whole number'],
] as const)('refuses a change at a time that cannot be meant: %s', async (at_ms, why) => {
  const change = { kind: 'deployment', text: 'v8', at_ms };
  const answer = await running.request('POST', '/api/v1/models/a/changes', change);
  const message = expect.stringContaining(why) as string;
  expect(answer).toMatchObject({ status: 400, body: { error: { field: 'at_ms', message } } });
});

it('names what a label lacks', async () => {
  const fieldOf = async (body: unknown): Promise<unknown> =>
    (await running.request('POST', '/api/v1/models/a/labels', body)).body;
  expect(await fieldOf({ label: 'x' })).toMatchObject({ errors: [{ field: 'prediction_id' }] });
  expect(await fieldOf({ prediction_id: 'x' })).toMatchObject({ errors: [{ field: 'label' }] });
});

it('says of a deleted model that the configuration file brings it back', async () => {
  const { body } = await running.request('DELETE', '/api/v1/models/in-file');
  expect(body).toMatchObject({ removed: true, note: expect.stringContaining('returns') as string });
  await running.request('POST', '/api/v1/models', { id: 'gone' });
  expect((await running.request('DELETE', '/api/v1/models/gone')).body).toEqual({ removed: true });
});

it('answers a client that has closed its half of the connection', async () => {
  const { hostname, port } = new URL(running.service.address);
  const row = JSON.stringify({ prediction: 'x' });
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.end(
    `POST /api/v1/models/a/observations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.key}\r\ncontent-type: application/json\r\ncontent-length: ${row.length}\r\n\r\n${row}`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 .*"accepted":1/s);
});
