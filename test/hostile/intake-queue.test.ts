import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from './figures.js';
import { runService, type RunningService } from '../integration/running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService({ intake: { queue: { per_model: '256KiB', total: '512KiB' } } });
  for (const id of ['busy', 'calm', 'third', 'fourth']) await running.request('POST', '/api/v1/models', { id });
});
afterAll(() => running.close());

const send = async (
  model: string,
  body: string,
  query = '',
  contentType = 'application/json',
): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> => {
  const response = await fetch(`${running.service.address}/api/v1/models/${model}/observations${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': contentType },
    body,
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
};
const rows = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, i) => ({ prediction: 'yes', confidence: 0.5 + i / 100_000 })));
const samples = async (model: string): Promise<number> =>
  ((await running.request('GET', `/api/v1/models/${model}`)).body as { total_samples: number }).total_samples;

it('answers 429 with Retry-After to what goes beyond the queue of a model, counts exactly what it took, and recovers', async () => {
  const body = rows(3_000);
  const answers = await Promise.all(Array.from({ length: 60 }, () => send('busy', body)));
  const taken = answers.filter(({ status }) => status === 200).length;
  const refused = answers.filter(({ status }) => status === 429);
  figure(`60 batches of ${body.length} bytes at once: ${taken} taken, ${refused.length} refused with 429`);
  expect(taken + refused.length).toBe(60);
  expect(taken).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  for (const { retryAfter, text } of refused) {
    expect(retryAfter).toMatch(/^[1-9]\d*$/);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'too-many-requests' } });
  }
  expect(await samples('busy')).toBe(3_000 * taken);
  expect(await send('busy', body)).toMatchObject({ status: 200 });
});

it('holds no more than the queue for bodies that never end, and other models are served beside them', async () => {
  const port = Number(new URL(running.service.address).port);
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.write(
      `POST /api/v1/models/busy/observations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.key}\r\n` +
        `content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const part = Buffer.alloc(50_000, ' ');
    socket.write(`${part.length.toString(16)}\r\n`);
    socket.write(part);
    socket.write('\r\n');
    return { socket, said: () => said };
  });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const refused = sockets.filter(({ said }) => said().startsWith('HTTP/1.1 429')).length;
  figure(`100 endless bodies of 50 kB: ${refused} refused, ${100 - refused} held`);
  // 262,144 / 50,000: five fit.
  expect(100 - refused).toBe(5);
  expect((await send('busy', rows(3_000))).status).toBe(429);
  expect((await send('calm', rows(100))).status).toBe(200);
  for (const { socket } of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await send('busy', rows(100))).status).toBe(200);
});

it('refuses another body under a batch id with 409 and an empty body with 400; the same body again is told and not counted', async () => {
  expect(await send('third', rows(50), '?batch_id=day-1')).toMatchObject({ status: 200 });
  const again = await send('third', rows(50), '?batch_id=day-1');
  expect([again.status, JSON.parse(again.text)]).toMatchObject([200, { accepted: 50, duplicate: true }]);
  const other = await send('third', rows(60), '?batch_id=day-1');
  expect([other.status, JSON.parse(other.text)]).toMatchObject([
    409,
    { error: { code: 'conflict', field: 'batch_id', message: expect.stringContaining('day-1') as string } },
  ]);
  // Read otherwise, or as something else, it is another batch, which must not be lost in silence.
  for (const read of ['third/observations?map=confidence:ignore&', 'third/labels?'])
    expect(await running.request('POST', `/api/v1/models/${read}batch_id=day-1`, rows(50))).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('another body, content type, map or route') as string } },
    });
  expect((await send('third', rows(50), '?batch_id=day-1', 'text/csv')).status).toBe(409);
  const mapped = (map: string) => send('third', rows(5), `?batch_id=day-2&map=${map}`);
  expect(await mapped('confidence:ignore,prediction:prediction')).toMatchObject({ status: 200 });
  expect(JSON.parse((await mapped('prediction:prediction,confidence:ignore')).text)).toMatchObject({ duplicate: true });
  // Of another model it is another batch.
  expect(await send('fourth', rows(60), '?batch_id=day-1')).toMatchObject({ status: 200 });
  for (const empty of ['', ' \n']) expect((await send('third', empty)).status).toBe(400);
  await running.restart();
  expect((await send('third', rows(60), '?batch_id=day-1')).status).toBe(409);
  expect(await samples('third')).toBe(55);
});
