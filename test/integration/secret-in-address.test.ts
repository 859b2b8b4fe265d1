import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runService, type RunningService } from './running-service.js';

const SECRET = 'secretkey99';
let server: Server;
let running: RunningService;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const isModel = request.url?.startsWith('/model') === true;
      response.writeHead(isModel ? 200 : 404, { 'content-type': 'application/json' });
      response.end(isModel ? '{"label":"positive","score":0.9}' : '{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  running = await runService();
});
afterAll(async () => {
  await running.close();
  server.closeAllConnections();
  server.close();
});

it('shows no secret of an address, be it watched or refused', async () => {
  const address = (path: string): string => `http://127.0.0.1:${port}${path}?api_key=${SECRET}&v=${SECRET}`;
  const payloads = [{ text: 'one' }];
  const said = [
    await running.request('POST', '/api/v1/models', { url: address('/model'), payloads }),
    await running.request('POST', '/api/v1/models', { url: address('/nowhere'), payloads }),
    await running.request('POST', '/api/v1/models', { url: `http://bob:${SECRET}@127.0.0.1:${port}/p` }),
    await running.request('POST', '/api/v1/discover', { url: address('/model'), payloads }),
    await running.request('GET', '/api/v1/models'),
    await running.request('GET', '/metrics/models'),
    await running.request('GET', '/api/v1/audit'),
  ];
  expect(said.map(({ status }) => status)).toEqual([201, 400, 400, 200, 200, 200, 200]);
  expect(said[0]?.body).toMatchObject({ id: `127-0-0-1-${port}-model` });
  expect(JSON.stringify(said)).not.toContain(SECRET);
});
