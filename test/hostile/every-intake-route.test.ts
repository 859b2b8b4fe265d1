import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../exporter/src/http/route.js';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import { ordinary, NDJSON } from '../fixtures/adversarial-bodies.js';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

/** Whatever the key of a sender may post to: a new route is attacked because it is in the table. */
const ATTACKED = ROUTES.filter(({ scope, body }) => scope === 'ingest' && body !== undefined);

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const LARGEST = 8 * 1_048_576;
const JSON_TYPE = 'application/json';
const EVENTS = 'application/cloudevents-batch+json';
const PROTOBUF = 'application/x-protobuf';

/** Where a route has its lists: what stands before and after one. Each route gets the bare list as well. */
const AROUND: Readonly<Record<string, readonly (readonly [before: string, after: string])[]>> = {
  '/v1/traces': [
    ['{"resourceSpans":[', ']}'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[', ']}]}]}'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[', ']}]}]}]}'],
  ],
  '/v1/logs': [['{"resourceLogs":[{"scopeLogs":[{"logRecords":[', ']}]}]}']],
  '/api/v1/alerts/alertmanager': [
    ['{"alerts":[', ']}'],
    ['{"alerts":[{"status":"firing","startsAt":"2026-11-29T12:00:00Z","labels":{"a":[', ']}}]}'],
  ],
  '/api/v1/alerts/grafana': [['{"alerts":[', ']}']],
  '/api/v1/cloudevents': [
    ['[{"specversion":"1.0","id":"1","type":"x","source":"s","model":"victim","data":[', ']}]'],
    [
      '[{"specversion":"1.0","id":"1","type":"org.kubeflow.serving.inference.request","source":"s","inferenceservicename":"victim","data":{"instances":[',
      ']}}]',
    ],
  ],
  '/api/v1/models/:id/observations': [['[{"prediction":"a","features":{"x":[', ']}}]']],
  '/api/v1/models/:id/labels': [['[{"prediction_id":"a","label":[', ']}]']],
  '/api/v1/models/:id/changes': [['{"kind":"deployment","text":"a","at_ms":[', ']}']],
  '/monitoring/prediction': [['{"model_id":"victim","prediction":"a","features":{"x":[', ']}}']],
};
const OTHER = ['{"x":[', ']}'] as const;

interface Attack {
  readonly name: string;
  readonly type: string;
  /** As it is when it is unpacked; what is sent is gzip. */
  readonly body: string | Buffer;
}

const filled = (size: number, one: string): string => one.repeat(Math.floor(size / one.length));
const lengthPrefixed = (field: number, bytes: Buffer): Buffer => {
  const head = [field * 8 + 2];
  let rest = bytes.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
};

function* attacksOn({ path, body }: Route): Generator<Attack> {
  const types = body !== undefined && 'content' in body ? Object.keys(body.content) : [JSON_TYPE];
  const type = types.includes(EVENTS) ? EVENTS : JSON_TYPE;
  for (const [before, after] of [['[', ']'] as const, ...(AROUND[path] ?? [OTHER])]) {
    const room = LARGEST - before.length - after.length - 10;
    const where = before.slice(0, 60);
    for (const [name, one, last] of [
      ['empty objects', '{},', '{}'],
      ['nulls', 'null,', 'null'],
      ...(IS_LONG
        ? ([
            ['zeros', '0,', '0'],
            ['empty lists', '[],', '[]'],
            ['empty texts', '"",', '""'],
          ] as const)
        : []),
    ] as const)
      yield { name: `${name} in ${where}`, type, body: `${before}${filled(room, one)}${last}${after}` };
    const lists = Math.floor(room / (IS_LONG ? 2 : 8));
    yield {
      name: `lists nested ${lists} deep in ${where}`,
      type,
      body: `${before}${'['.repeat(lists)}${']'.repeat(lists)}${after}`,
    };
    const objects = Math.floor(room / (IS_LONG ? 6 : 24));
    yield {
      name: `objects nested ${objects} deep in ${where}`,
      type,
      body: `${before}${'{"a":'.repeat(objects)}1${'}'.repeat(objects)}${after}`,
    };
  }
  if (types.includes(PROTOBUF)) {
    const empty = (field: number): Buffer => Buffer.alloc(LARGEST - 30, Buffer.from([field * 8 + 2, 0]));
    yield { name: 'empty groups', type: PROTOBUF, body: empty(1) };
    yield { name: 'empty signals', type: PROTOBUF, body: lengthPrefixed(1, lengthPrefixed(2, empty(2))) };
    for (const field of [6, 9])
      yield {
        name: `empty attributes (${field})`,
        type: PROTOBUF,
        body: lengthPrefixed(1, lengthPrefixed(2, lengthPrefixed(2, empty(field)))),
      };
  }
  if (types.includes(EVENTS))
    for (const [name, value] of [
      ['spaces', `{"instances":[[1]]${' '.repeat(LARGEST - 30)}}`],
      ['zeros', `{"instances":[[${filled(LARGEST - 30, '0,')}0]]}`],
    ] as const) {
      const data_base64 = gzipSync(value, { level: 9 }).toString('base64');
      const event = { specversion: '1.0', source: 'x', type: 'org.kubeflow.serving.inference.request', data_base64 };
      const events = Array.from({ length: Math.floor(LARGEST / (data_base64.length + 200)) }, (_, i) => ({
        ...{ ...event, id: `${name}${i}`, inferenceservicename: 'victim' },
      }));
      yield { name: `a gzip of ${name} in each of ${events.length} events`, type, body: JSON.stringify(events) };
    }
}

let directory: string;
let service: ServiceProcess;
let perByte: number;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-every-route-'));
  const settings = {
    api_keys: [{ name: 'sender', scopes: ['ingest', 'read'], key: KEY }],
    models: [{ id: 'victim' }],
    logging: { level: 'error' },
  };
  service = startServiceProcess(directory, await freePort(), settings, ['--max-old-space-size=1024']);
  await service.ready();
  const body = ordinary.replaceAll('2026-11-28T11:00:00.000Z', new Date(Date.now() - 3_600_000).toISOString());
  const costs: number[] = [];
  for (let k = 0; k < 5; k += 1) {
    const before = processorSeconds();
    expect(await post('/api/v1/models/victim/observations', NDJSON, body)).toBe(200);
    costs.push((processorSeconds() - before) / Buffer.byteLength(body));
  }
  perByte = Math.max(...costs.slice(2), 0.2e-6);
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

const proc = (file: string): string => readFileSync(`/proc/${service.child.pid ?? 0}/${file}`, 'utf8');
function processorSeconds(): number {
  const fields = proc('stat').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
const peakMegabytes = (): number => Number(/VmHWM:\s+(\d+)/.exec(proc('status'))?.[1]) / 1e3;
const addressed = (path: string): string => path.replace(':id', 'victim');

async function post(path: string, type: string, body: string | Buffer, isPacked = false): Promise<number> {
  const response = await fetch(`${service.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': type, 'content-encoding': 'gzip' },
    body: Buffer.from(isPacked ? body : gzipSync(body, { level: 1 })),
    signal: AbortSignal.timeout(60_000),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The longest time in which `/-/healthy` was silent meanwhile, in seconds. */
async function silenceDuring(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const before = performance.now();
      await fetch(`${service.address}/-/healthy`, { signal: AbortSignal.timeout(60_000) }).then((answer) =>
        answer.text(),
      );
      longest = Math.max(longest, (performance.now() - before) / 1_000);
      await sleep(50);
    }
  })();
  await work().finally(() => (isOver = true));
  await asking;
  return longest;
}

it('knows the table: there are such routes, their paths can be filled in, and no list is of a route that is gone', () => {
  expect(ATTACKED.length).toBeGreaterThan(7);
  expect(ATTACKED.filter(({ path, method }) => addressed(path).includes(':') || method !== 'POST')).toEqual([]);
  const paths = new Set(ATTACKED.map(({ path }) => path));
  expect(Object.keys(AROUND).filter((path) => !paths.has(path))).toEqual([]);
});

describe.each(ATTACKED.map((route) => [route.path, route] as const))('%s', (path, route) => {
  it('refuses or takes what is made to be dear, at no more than five times an ordinary byte, and is never silent for long', async () => {
    const wrong: string[] = [];
    let [dearest, silent] = [0, 0];
    for (const { name, type, body } of attacksOn(route)) {
      const before = processorSeconds();
      const silence = await silenceDuring(async () => {
        const status = await post(addressed(path), type, body);
        if (status >= 500) wrong.push(`${name}: ${status}`);
      });
      const ratio = (processorSeconds() - before) / (body.length * perByte);
      if (ratio >= 5) wrong.push(`${name}: ${ratio.toFixed(1)} times an ordinary byte`);
      // Others share the machine: what counts is the time it was silent and at work.
      if (Math.min(silence, processorSeconds() - before) >= MOST_SILENT)
        wrong.push(`${name}: silent for ${silence.toFixed(1)} s`);
      if (process.env.MLFI_SHOW_COSTS !== undefined)
        figure(`${ratio.toFixed(2)}  ${silence.toFixed(2)} s  ${peakMegabytes().toFixed(0)} MB  ${name}`);
      [dearest, silent] = [Math.max(dearest, ratio), Math.max(silent, silence)];
    }
    figure(
      `${path}: ${dearest.toFixed(1)} times an ordinary byte, silent for ${silent.toFixed(1)} s, peak ${peakMegabytes().toFixed(0)} MB`,
    );
    expect(wrong).toEqual([]);
    expect(peakMegabytes()).toBeLessThan(MOST_MEGABYTES);
  }, 300_000);

  it('refuses a gzip bomb at the limit of a body, and one that is cut off', async () => {
    expect(await post(addressed(path), JSON_TYPE, BOMB, true)).toBe(413);
    expect(await post(addressed(path), JSON_TYPE, gzipSync(ordinary).subarray(0, 10_000), true)).toBe(400);
  });

  it('holds no more than the queue of bodies of which half is sent', async () => {
    const port = Number(new URL(service.address).port);
    const half = Buffer.alloc(HALF, ' ');
    const sockets = Array.from({ length: SENDERS }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      let said = '';
      socket.on('data', (chunk) => (said += chunk.toString('latin1')));
      socket.write(
        `POST ${addressed(path)} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n` +
          `content-type: ${JSON_TYPE}\r\ncontent-length: ${2 * HALF}\r\n\r\n`,
      );
      socket.write(half);
      return { socket, said: () => said };
    });
    const refused = (): number =>
      sockets.filter(({ said }) => /^HTTP\/1\.1 (?:429|503) [^]*retry-after: \d/i.test(said())).length;
    for (let waited = 0; waited < 100 && refused() < SENDERS - MOST_HELD; waited += 1) await sleep(50);
    const held = SENDERS - refused();
    for (const { socket } of sockets) socket.destroy();
    expect(held).toBeLessThanOrEqual(MOST_HELD);
    // What alert managers give up is what they are told 429.
    const answers = new Set(sockets.flatMap(({ said }) => /^HTTP\/1\.1 (\d+)/.exec(said())?.[1] ?? []));
    expect([...answers]).toEqual([route.repeatsOn503Only === true ? '503' : '429']);
    await sleep(200);
  });
});

it('weighs what waits for its other half as it lies in memory', async () => {
  const half = `{"instances":[[${filled(LARGEST - 30, '0,')}0]]}`;
  for (let i = 0; i < (IS_LONG ? 60 : 15); i += 1) {
    const response = await fetch(`${service.address}/api/v1/cloudevents`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${KEY}`, 'content-type': JSON_TYPE, 'ce-specversion': '1.0', 'ce-source': 's' },
        ...{ 'ce-id': `half${i}`, 'ce-type': 'org.kubeflow.serving.inference.request' },
        'ce-inferenceservicename': 'victim',
      },
      body: Buffer.from(gzipSync(half, { level: 9 })),
    });
    await response.arrayBuffer();
    expect(response.status).toBeLessThan(500);
  }
  figure(`halves of 8 MB that wait: peak ${peakMegabytes().toFixed(0)} MB`);
  expect(peakMegabytes()).toBeLessThan(MOST_MEGABYTES);
  expect(service.child.exitCode).toBeNull();
}, 120_000);

/** The shipped probe asks six times in a minute. */
const MOST_SILENT = 5;
/** The shipped manifest ends a process that takes 2 GiB. */
const MOST_MEGABYTES = 1_400;
const BOMB = gzipSync(Buffer.alloc(100_000_000, ' '), { level: 9 });
const HALF = 4_000_000;
const SENDERS = 40;
/** Of half-sent bodies that the queue has room for: those that came, and one that may be alone. */
const MOST_HELD = Math.ceil((32 * 1_048_576) / HALF) + 1;
