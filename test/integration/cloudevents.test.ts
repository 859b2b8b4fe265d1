import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { runService, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  running = await runService({
    intake: { pairing: { wait: '4s' } },
    windows: { length: '1s', evaluate_every: '100ms' },
  });
});
afterAll(() => running.close());

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/kserve.md'), 'utf8');
const inferenceService = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ predictor: z.object({ logger: z.object({ mode: z.literal('all'), url: z.string() }) }) }),
});

/** The address of the documented InferenceService, with this service’s host and key in it. */
async function documentedUrl(): Promise<URL> {
  const [, text = ''] = /```yaml\n(apiVersion: serving[^]*?)```/.exec(PAGE) ?? [];
  const service = inferenceService.parse(parseAllDocuments(text)[0]?.toJS());
  const made = await running.request('POST', '/api/v1/keys', { name: 'kserve', scopes: ['ingest'] });
  const { key } = z.object({ key: z.string() }).parse(made.body);
  const url = new URL(service.spec.predictor.logger.url.replace('mlfi_…', key));
  const { hostname, port } = new URL(running.service.address);
  url.hostname = hostname;
  url.port = port;
  return url;
}

/** As Go's HTTP client does: what stands before the host becomes Basic authorisation. */
function post(url: URL, headers: Record<string, string>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname, search, username, password } = url;
    const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const sent = httpRequest(
      { hostname, port, path: `${pathname}${search}`, method: 'POST', auth, headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const event = (side: 'request' | 'response', id: string): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': 'http://localhost:9081/',
  'ce-type': `org.kubeflow.serving.inference.${side}`,
  'ce-inferenceservicename': 'iris',
  'ce-namespace': 'default',
  'ce-component': 'predictor',
  'ce-endpoint': 'default',
  'content-type': 'application/json',
});
const samples = async (): Promise<number> => {
  const { body } = await running.request('GET', '/api/v1/models/iris');
  return z.object({ total_samples: z.number() }).parse(body).total_samples;
};
const metric = async (name: string): Promise<number> => {
  const { body } = await running.request('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(String(body))?.[1]);
};

describe('a KServe InferenceService with nothing but the documented lines', () => {
  let url: URL;
  beforeAll(async () => {
    url = await documentedUrl();
  });

  it('becomes a watched model, from five workers in any order', async () => {
    const halves = Array.from({ length: 100 }, (_, i) => [
      { side: 'request' as const, id: `c${i}`, body: JSON.stringify({ instances: [[5 + (i % 7) / 10, 3]] }) },
      { side: 'response' as const, id: `c${i}`, body: JSON.stringify({ predictions: [i % 3] }) },
    ]).flat();
    const shuffled = halves.map((half, i) => ({ half, place: (i * 73) % 200 })).sort((a, b) => a.place - b.place);
    const statuses: number[] = [];
    const work = async (from: number): Promise<void> => {
      for (let i = from; i < shuffled.length; i += 5) {
        const half = shuffled[i]?.half;
        if (half !== undefined) statuses.push(await post(url, event(half.side, half.id), half.body));
      }
    };
    await Promise.all([0, 1, 2, 3, 4].map(work));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await samples()).toBe(100);
    expect(await metric('mlfi_logged_calls_total\\{outcome="paired"\\}')).toBe(100);
  });

  it('tells a call whose response never came as failed', async () => {
    await post(url, event('request', 'lost'), '{"instances":[[5,3]]}');
    await expect.poll(samples, { timeout: 30_000 }).toBe(101);
    expect(await metric('mlfi_logged_calls_total\\{outcome="unanswered"\\}')).toBe(1);
    expect(await metric('mlfi_logged_calls_waiting_bytes')).toBe(0);
  });

  it('may only do what its key may', async () => {
    const wrong = new URL(url);
    wrong.password = `${url.password.slice(0, -1)}${url.password.endsWith('A') ? 'B' : 'A'}`;
    expect(await post(wrong, event('request', 'x'), '{}')).toBe(403);
    wrong.password = 'hunter2';
    expect(await post(wrong, event('request', 'x'), '{}')).toBe(403);
    const reading = new URL(url);
    reading.pathname = '/api/v1/models';
    expect(await post(reading, {}, '{"id":"other"}')).toBe(403);
  });

  it('is answered 400 where nothing of the request is an event', async () => {
    expect(await post(url, { 'content-type': 'application/json' }, '{}')).toBe(400);
  });

  it('commits before it answers where that is asked', async () => {
    const committed = new URL(url);
    committed.search = '?ack=commit';
    await post(committed, event('request', 'kept'), '{"instances":[[5,3]]}');
    expect(await post(committed, event('response', 'kept'), '{"predictions":[1]}')).toBe(200);
    await running.restart();
    expect(await samples()).toBe(102);
  });
});
