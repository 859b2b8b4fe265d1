import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { runService, type RunningService } from './running-service.js';

/** The seed's five scenarios: what must be said of each, by `POST /monitoring/analyze` and by `mlfi investigate`. */
const SCENARIOS = [
  { model: 'healthy', cause: 'none', severity: 'none', exitCode: 0 },
  { model: 'low-confidence', cause: 'underconfident-model', severity: 'high', exitCode: 1 },
  { model: 'random', cause: 'unstable-model', severity: 'high', exitCode: 1 },
  { model: 'drifting', cause: 'calibration-decay', severity: 'high', exitCode: 1 },
  { model: 'broken', cause: 'model-unreachable', severity: 'critical', exitCode: 1 },
] as const;
const CLI = join(import.meta.dirname, '../../exporter/dist/src/main.js');

interface Analysis {
  readonly metrics: {
    readonly avg_confidence: number | null;
    readonly error_rate: number;
    readonly total_samples: number;
  };
  readonly rca: { readonly root_cause: string; readonly severity: string; readonly failure_reason: string };
  readonly recommendations: readonly { readonly action: string; readonly priority: string }[];
  readonly samples_collected: number;
  readonly drift: {
    readonly confidence_distribution?: {
      readonly method: string;
      readonly drift_detected: boolean;
      readonly p_value: number;
    };
  };
}

let models: DemoModels;
let running: RunningService;

beforeAll(async () => {
  models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7) });
  running = await runService();
});
afterAll(async () => {
  await running.close();
  await models.close();
});

function investigate(url: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, 'investigate', url, '--json', '--timeout', '1']);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

describe.each(SCENARIOS)('$model', ({ model, cause, severity, exitCode }) => {
  it('reaches its root cause and severity through POST /monitoring/analyze', async () => {
    const { status, body } = await running.request('POST', '/monitoring/analyze', {
      prediction_url: models.urlOf(model),
    });
    const analysis = body as Analysis;
    expect(status).toBe(200);
    expect(analysis.rca).toMatchObject({ root_cause: cause, severity });
    expect(analysis.samples_collected).toBeGreaterThan(0);
    if (cause === 'none') {
      expect(analysis.rca.failure_reason).toBe('Model operating normally');
      expect(analysis.recommendations).toEqual([{ action: 'No action required', priority: 'NONE' }]);
    } else expect(analysis.recommendations[0]?.priority).toBe(severity.toUpperCase());
  });

  it('reaches the same through mlfi investigate, with its exit code', async () => {
    const { code, output } = await investigate(models.urlOf(model));
    const { diagnosis } = JSON.parse(output) as { diagnosis: { severity: string; causes: { id: string }[] } };
    expect(diagnosis.severity).toBe(severity);
    if (cause !== 'none') expect(diagnosis.causes[0]?.id).toBe(cause);
    expect(code).toBe(exitCode);
  });
});

it('compares a second look with the first one, in the seed’s fields', async () => {
  const { body } = await running.request('POST', '/monitoring/analyze', { prediction_url: models.urlOf('healthy') });
  const { drift } = body as Analysis;
  expect(drift.confidence_distribution).toMatchObject({ method: 'KS-test', drift_detected: false });
  expect(drift.confidence_distribution?.p_value).toBeGreaterThan(0);
});

it('judges no model by payloads it does not take: it is given one, or asks as it is registered', async () => {
  const random = seededRandom('choosy');
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const isTaken = body.includes('"age"');
      response.writeHead(isTaken ? 200 : 422, { 'content-type': 'application/json' });
      const age = Number(/"age":(\d+)/.exec(body)?.[1] ?? 0);
      const answered = { prediction: age > 40 ? 'yes' : 'no', confidence: 0.85 + 0.05 * random.next() };
      response.end(JSON.stringify(isTaken ? answered : { detail: 'age is missing' }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/predict`;
  const payloads = [{ age: 38 }, { age: 51 }];
  const verdictOf = async (more: object): Promise<unknown> => {
    const { status, body } = await running.request('POST', '/monitoring/analyze', { prediction_url: url, ...more });
    expect(status).toBe(200);
    return body;
  };
  try {
    expect(await verdictOf({})).toMatchObject({
      verdict: 'undecided',
      anomalies: [],
      rca: {
        root_cause: 'none',
        severity: 'none',
        failure_reason: expect.stringContaining('age is missing') as unknown,
      },
    });
    expect(await verdictOf({ payloads })).toMatchObject({ verdict: 'healthy' });
    expect((await running.request('POST', '/api/v1/models', { id: 'choosy', url, payloads })).status).toBe(201);
    expect(await verdictOf({})).toMatchObject({ verdict: 'healthy', metrics: { error_rate: 0 } });
    expect(await verdictOf({ payloads: [{ text: 'hello' }] })).toMatchObject({ verdict: 'undecided', anomalies: [] });
  } finally {
    server.close();
  }
});
