import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../exporter/src/config/load.js';
import type { Clock } from '../../exporter/src/domain/ports.js';
import { startService, type Service } from '../../exporter/src/service/start.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { freePort } from './servers/free-port.js';
import { eventually } from './running-service.js';

/** What is waited for is minutes: the service's clock runs so much faster. */
const SPEED = 30;
const begunMs = Date.now();
const clock: Clock = {
  now: () => begunMs + (Date.now() - begunMs) * SPEED,
  sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
};

interface Shown {
  readonly state: string;
  readonly severity: string;
  readonly total_samples: number;
  readonly setup: { readonly kind: string; readonly advice: string } | null;
}

const DOCUMENT = {
  paths: {
    '/predict': {
      post: {
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['age'],
                properties: { age: { type: 'integer', minimum: 18, maximum: 90 } },
              },
            },
          },
        },
      },
    },
  },
};

/** How the server treats whoever comes; each model has a path prefix of its own, and its document below it. */
let isThere = false;
const bodies: string[] = [];
const takes = (path: string, body: string): boolean => (path.startsWith('/lenient') ? true : body.includes('"age"'));
const serve = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const path = request.url ?? '';
        response.setHeader('content-type', 'application/json');
        if (!isThere && path.startsWith('/limited')) response.writeHead(429, { 'retry-after': '20' }).end('{}');
        else if (!isThere) response.writeHead(503).end('{"error":"loading weights"}');
        else if (path.endsWith('/openapi.json'))
          response.end(JSON.stringify({ ...DOCUMENT, servers: [{ url: path.replace('/openapi.json', '') }] }));
        else if (request.method !== 'POST') response.writeHead(404).end('{}');
        else if (!takes(path, body)) response.writeHead(422).end('{"detail":"age is missing"}');
        else {
          bodies.push(`${path} ${body}`);
          const age = Number(/"age":(\d+)/.exec(body)?.[1] ?? 0);
          response.end(JSON.stringify({ prediction: age > 50 ? 'yes' : 'no', confidence: 0.6 + (age % 30) / 100 }));
        }
      });
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

let server: Server;
let origin: string;
let awayPort = 0;
let directory: string;
let service: Service;

beforeAll(async () => {
  server = await serve(0);
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  awayPort = await freePort();
  directory = mkdtempSync(join(tmpdir(), 'mlfi-away-'));
  const loaded = parseConfig(
    'test',
    stringify({
      data_dir: directory,
      listen: { address: '127.0.0.1', port: 0 },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      logging: { level: 'error' },
      models: [{ id: 'in-file', url: `${origin}/file/predict` }],
    }),
    {},
    directory,
  );
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
  service = await startService(loaded.config, { clock });
});
afterAll(async () => {
  await service.close();
  server.close();
  rmSync(directory, { recursive: true });
});

async function request(method: string, path: string, body?: unknown) {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${service.firstKey ?? ''}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    body: (await response.json()) as Shown & { readonly error?: { readonly message: string } },
  };
}
const shown = async (id: string): Promise<Shown> => (await request('GET', `/api/v1/models/${id}`)).body;

describe('a model that does not answer now', () => {
  it.each([
    ['loading', () => `${origin}/loading/predict`, 'not-ready'],
    ['lenient', () => `${origin}/lenient/predict`, 'not-ready'],
    ['limited', () => `${origin}/limited/predict`, 'rate-limited'],
    ['away', () => `http://127.0.0.1:${awayPort}/away/predict`, 'connection-refused'],
  ])('%s: is watched as configuring, with the reason', async (id, url, kind) => {
    const { status, body } = await request('POST', '/api/v1/models', { id, url: url() });
    expect([status, body.state, body.severity, body.setup?.kind]).toEqual([201, 'configuring', 'none', kind]);
  });

  it('is refused where it can never answer', async () => {
    const blocked = await request('POST', '/api/v1/models', { id: 'blocked', url: 'http://10.255.255.1/predict' });
    expect(blocked.status).toBe(400);
    const nowhere = await request('POST', '/api/v1/models', { id: 'host', url: 'http://no-such-host.invalid/predict' });
    expect(nowhere.status).toBe(400);
  });

  it('is asked again until it answers, by what its document says, whether it came from the API or the file', async () => {
    isThere = true;
    const late = await serve(awayPort);
    try {
      for (const id of ['loading', 'lenient', 'limited', 'away', 'in-file']) {
        await eventually(`${id} to be learning from its own document`, 30_000, async () => {
          const { state, setup, total_samples: samples } = await shown(id);
          const prefix = id === 'in-file' ? '/file' : `/${id}`;
          const isAsked = bodies.some((body) => body.startsWith(`${prefix}/predict {"age":`));
          return state === 'learning' && setup === null && samples > 0 && isAsked ? true : null;
        });
      }
    } finally {
      late.close();
    }
  }, 60_000);
});
