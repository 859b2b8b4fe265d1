import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, runService, type RunningService } from './running-service.js';

interface Shown {
  readonly state: string;
  readonly severity: string;
  readonly incident_id: string | null;
  readonly total_samples: number;
  readonly setup: { readonly kind: string; readonly sentence: string; readonly advice: string } | null;
  readonly blind_spots: readonly { readonly check: string }[];
}

/** A sound model of rows by name, which takes any body and makes missing features zero. */
let server: Server;
let running: RunningService;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.method !== 'POST' || !body.includes('"data"')) {
        response.writeHead(request.method === 'POST' ? 422 : 404).end('{"detail":"data is missing"}');
        return;
      }
      const { data } = JSON.parse(body) as { readonly data: readonly { readonly income?: number }[] };
      const z = ((data[0]?.income ?? 0) - 40) / 20;
      const yes = 1 / (1 + Math.exp(-z));
      const answer = { prediction: yes > 0.5 ? 'yes' : 'no', confidence: Math.max(yes, 1 - yes) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  running = await runService({ probing: { interval: '200ms', probes_per_cycle: 5 } });
});
afterAll(async () => {
  await running.close();
  server.close();
});

const shown = async (): Promise<Shown> => (await running.request('GET', '/api/v1/models/credit')).body as Shown;

describe('a sound model that is watched by a payload which mlfi thought up', () => {
  it('is told not to have understood it, and is no incident', async () => {
    const readFrom = { read_from: 'prediction from /prediction, confidence from /confidence' };
    expect(await running.request('POST', '/api/v1/models', { id: 'credit', url })).toMatchObject({
      status: 201,
      body: readFrom,
    });
    const told = await eventually('the blind spot', 20_000, async () => {
      const now = await shown();
      expect(now.incident_id).toBeNull();
      return now.setup === null ? null : now;
    });
    expect(told).toMatchObject({ ...readFrom, state: 'learning', severity: 'none', setup: { kind: 'not-understood' } });
    expect(told.setup?.sentence).toContain('(sent: {"data":[');
    expect(told.setup?.advice).toContain('Give one payload the model takes');
    const once = await running.request('POST', '/monitoring/analyze', { prediction_url: url, samples: 60 });
    expect(once.body).toMatchObject({ verdict: 'undecided', rca: { severity: 'none' } });
  });

  it('is understood once a payload is given', async () => {
    const payloads = [{ data: [{ income: 35 }] }, { data: [{ income: 60 }] }];
    expect((await running.request('PATCH', '/api/v1/models/credit', { payloads })).status).toBe(200);
    await eventually('no setup problem', 20_000, async () => ((await shown()).setup === null ? true : null));
    expect((await shown()).incident_id).toBeNull();
  });
});
