import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, it } from 'vitest';
import { eventually, runService, type RunningService } from './running-service.js';

/** Longer than this file may take with a stop that does not wait. */
const CALL_MAY_TAKE = '60s';

let isAnswering = false;
const unanswered: ServerResponse[] = [];
let server: Server;
let running: RunningService;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (!isAnswering) {
        unanswered.push(response);
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ label: 'positive', score: 0.9 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  running = await runService({
    probing: { timeout: CALL_MAY_TAKE },
    investigation: { timeout: CALL_MAY_TAKE },
    models: [{ id: 'm', url: `http://127.0.0.1:${port}/predict` }],
  });
});
afterAll(async () => {
  await running.close();
  server.closeAllConnections();
  server.close();
});

it('is not waited for by a stop, and is made up for after the next start', async () => {
  await eventually('the first call', 30_000, () => Promise.resolve(unanswered.length > 0 ? true : null));
  await running.restart(() => {
    isAnswering = true;
  });
  await eventually('a probe of the model', 60_000, async () => {
    const { body } = await running.request('GET', '/api/v1/models/m');
    const { state, total_samples: samples } = body as { readonly state: string; readonly total_samples: number };
    return state !== 'configuring' && samples > 0 ? true : null;
  });
});
