import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';

const ANSWERS_AFTER_MS = 1_500;
let server: Server;
let running: RunningService;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      setTimeout(() => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ label: 'positive', score: 0.9 }));
      }, ANSWERS_AFTER_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  running = await runService({ probing: { timeout: '500ms' } });
});
afterAll(async () => {
  await running.close();
  server.closeAllConnections();
  server.close();
});

it('waits for a slow model as long as its registration says, from the first call on', async () => {
  const payloads = [{ text: 'good' }];
  const register = (id: string, more: object) =>
    running.request('POST', '/api/v1/models', { id, url, connector: 'rest', payloads, ...more });
  expect((await register('patient', { timeout_seconds: 20 })).body).toMatchObject({
    read_from: expect.stringContaining('/label') as string,
  });
  expect((await register('hasty', {})).body).not.toMatchObject({ read_from: expect.anything() as string });
});
