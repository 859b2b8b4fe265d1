import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, type RunningService } from './running-service.js';

/** A model over HTTP whose confidence falls with `income` alone; `shoe` is ignored. */
const confidenceOf = (income: number): number => 0.5 + 0.45 / (1 + Math.exp(3 * (income - 1.5)));

let server: Server;
let url = '';
let running: RunningService;
let asked = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked += 1;
      const { income } = JSON.parse(body === '' ? '{}' : body) as { income?: number };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ label: 'yes', confidence: confidenceOf(income ?? 0) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  running = await runService({
    baseline: { minimum_samples: 300, minimum_duration: '0s' },
    probing: { interval: '10m', timeout: '1s', probes_per_cycle: 1, golden_inputs: 1 },
    investigation: { timeout: '1s', experiments: { allow: true, calls_budget: 200, calls_per_second: 1000 } },
  });
});
afterAll(async () => {
  await running.close();
  server.close();
});

interface Told {
  readonly diagnosis: {
    readonly attributions: readonly { readonly feature: string; readonly value: number; readonly method: string }[];
    readonly experiment: {
      readonly calls: number;
      readonly model_shift: number;
      readonly limitation: string | null;
    } | null;
    readonly decomposition: { readonly method: string; readonly interventional: boolean } | null;
  };
}

it('asks the live model which feature carries the fall, within the budget, and audits it', async () => {
  const random = seededRandom('experiments');
  const added = await running.request('POST', '/api/v1/models', {
    id: 'loans',
    url,
    connector: 'rest',
    payloads: [{ income: 1, shoe: 1 }],
  });
  expect(JSON.stringify(added.body)).toContain('loans');
  const startMs = Date.now() - 3_600_000;
  let sent = 0;
  const send = async (rows: number, moved: number): Promise<void> => {
    for (let done = 0; done < rows; done += 100) {
      const lines = Array.from({ length: 100 }, () => {
        const features = { income: random.next() + moved, shoe: random.next() + moved };
        sent += 1;
        const timestamp = new Date(startMs + 2_500 * sent).toISOString();
        return { timestamp, features, prediction: 'yes', confidence: confidenceOf(features.income) };
      });
      expect((await running.request('POST', '/api/v1/models/loans/observations', lines)).status).toBe(200);
    }
  };
  await send(800, 0);
  await eventually('a baseline', 30_000, async () => {
    const { body } = await running.request('GET', '/api/v1/models/loans');
    return (body as { baseline: { state: string } }).baseline.state === 'ready' ? true : null;
  });
  const before = asked;
  await send(500, 1.5);
  const told = await eventually('the result of the experiment', 60_000, async () => {
    const { body } = await running.request('GET', '/api/v1/models/loans');
    const { incident_id: id } = body as { incident_id: string | null };
    if (id === null) return null;
    const incident = (await running.request('GET', `/api/v1/incidents/${id}`)).body as Told;
    return incident.diagnosis.experiment === null ? null : incident;
  });
  const { attributions, experiment } = told.diagnosis;
  expect(experiment).toMatchObject({ limitation: null });
  expect(experiment?.calls).toBeLessThanOrEqual(200);
  expect(asked - before).toBeLessThanOrEqual(200 + 20);
  expect(Math.abs(experiment?.model_shift ?? 1)).toBeLessThan(1e-6);
  expect(attributions[0]).toMatchObject({ feature: 'income', method: 'interventional-shapley' });
  expect(attributions[0]?.value).toBeLessThan(-0.15);
  expect(attributions.find(({ feature }) => feature === 'shoe')?.value).toBe(0);

  const audit = await running.request('GET', '/api/v1/audit?limit=100');
  const text = typeof audit.body === 'string' ? audit.body : JSON.stringify(audit.body);
  expect(text).toContain('experiment-started');
  expect(text).toContain('experiment-finished');
});
