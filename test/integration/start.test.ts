import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../exporter/src/config/load.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { startService, type Service } from '../../exporter/src/service/start.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

let root: string;
let folders = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mlfi-start-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = (): string => {
  folders += 1;
  const made = join(root, String(folders));
  mkdirSync(made);
  return made;
};

function start(directory: string, settings: object = {}): Promise<Service> {
  const loaded = parseConfig(
    'test',
    stringify({
      data_dir: directory,
      listen: { address: '127.0.0.1', port: 0 },
      logging: { level: 'silent' },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      ...settings,
    }),
    {},
    directory,
  );
  if (loaded.kind === 'refused') throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  return startService(loaded.config);
}

const database = (directory: string): string => join(directory, 'mlfi.sqlite');

/** A store with models in it, as a service leaves it. */
async function filled(directory: string): Promise<void> {
  const service = await start(directory);
  for (const id of ['alpha', 'beta', 'gamma'])
    await service.application.models.register(
      { id: modelId(id) },
      { kind: 'api-key', subject: 'key:test', name: 'test' },
    );
  await service.close();
}

async function change(directory: string, ...statements: string[]): Promise<void> {
  const db = knex({ client: 'sqlite3', connection: { filename: database(directory) }, useNullAsDefault: true });
  for (const statement of statements) await db.raw(statement);
  await db.destroy();
}

interface Failure {
  readonly step: string;
  readonly prepare: (directory: string) => Promise<object>;
  readonly says: RegExp;
}

let taken: Server;
const FAILURES: readonly Failure[] = [
  {
    step: 'opening the store',
    prepare: (directory) => {
      mkdirSync(database(directory));
      return Promise.resolve({});
    },
    says: /mlfi\.sqlite/,
  },
  {
    step: 'the key that signs checkpoints',
    async prepare(directory) {
      await filled(directory);
      writeFileSync(join(directory, 'broken.pem'), 'no key');
      return { audit: { signing_key_file: join(directory, 'broken.pem') } };
    },
    says: /broken\.pem holds no Ed25519 private key/,
  },
  {
    step: 'the keys of the configuration',
    async prepare(directory) {
      await filled(directory);
      await change(directory, 'drop table api_key');
      return {};
    },
    says: /API keys/,
  },
  {
    step: 'listening',
    async prepare(directory) {
      await filled(directory);
      return { listen: { address: '127.0.0.1', port: (taken.address() as AddressInfo).port } };
    },
    says: /cannot listen on .*EADDRINUSE/,
  },
  {
    step: 'restoring the models',
    async prepare(directory) {
      await filled(directory);
      await change(directory, 'drop table drift_monitor');
      return {};
    },
    says: /drift/i,
  },
  {
    step: 'checking the audit log',
    async prepare(directory) {
      await filled(directory);
      writeFileSync(join(directory, 'audit-checkpoint'), 'no checkpoint');
      await change(directory, 'drop table checkpoint', 'drop table audit');
      return {};
    },
    says: /audit|checkpoint/,
  },
  {
    step: 'counting for the metrics',
    async prepare(directory) {
      await filled(directory);
      await change(directory, 'drop table external_alert');
      return {};
    },
    says: /decisionCounts|alert/,
  },
];

beforeAll(async () => {
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => taken.close(resolve)));

it.each(FAILURES)('leaves nothing open when $step fails', async ({ prepare, says }) => {
  const directory = folder();
  const port = await freePort();
  const settings = { listen: { address: '127.0.0.1', port }, ...(await prepare(directory)) };

  await expect(start(directory, settings)).rejects.toThrow(says);
  await expect(fetch(`http://127.0.0.1:${port}/-/healthy`)).rejects.toThrow();
  // The writer's lock is free again, else this start would be refused for another reason.
  await expect(start(directory, settings)).rejects.toThrow(says);

  // A process ends by itself only when no server, worker, timer or connection is left.
  const service = startServiceProcess(directory, port, settings);
  const overdue = setTimeout(() => service.child.kill('SIGKILL'), 30_000);
  expect([await service.exited, service.said()]).toEqual([1, expect.stringContaining('mlfi cannot start')]);
  clearTimeout(overdue);
});

it('shows the first key at the first start that succeeds', async () => {
  const directory = folder();
  const occupied = { listen: { address: '127.0.0.1', port: (taken.address() as AddressInfo).port } };
  await expect(start(directory, occupied)).rejects.toThrow('EADDRINUSE');
  const service = await start(directory);
  const authorization = `Bearer ${service.firstKey ?? ''}`;
  expect((await fetch(`${service.address}/api/v1/models`, { headers: { authorization } })).status).toBe(200);
  // Nor is a model's import told that is none.
  const told = await fetch(`${service.address}/api/v1/models/none/imports`, { headers: { authorization } });
  expect([told.status, await told.text()]).toEqual([404, expect.stringContaining('none')]);
  await service.close();
});

it.each([
  ['one signal', 1, 0],
  ['a second signal', 2, 1],
] as const)('stops after %s while a request is under way', async (_, signals, code) => {
  const port = await freePort();
  const service = startServiceProcess(folder(), port);
  await service.ready();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  // Its body never comes, so the drain waits for it up to its limit.
  socket.write('POST /monitoring/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const startedAt = performance.now();
  service.child.kill('SIGTERM');
  if (signals === 2) {
    await new Promise((resolve) => setTimeout(resolve, 900));
    service.child.kill('SIGTERM');
  }
  expect([await service.exited, service.said()]).toEqual([code, expect.any(String)]);
  expect(performance.now() - startedAt).toBeLessThan(signals === 2 ? 5_000 : 20_000);
  socket.destroy();
});

it('bears a SIGHUP in the middle of a start, and takes over what the file says then', async () => {
  const directory = folder();
  const [port, listed] = [await freePort(), await freePort()];
  let service: ServiceProcess | null = null;
  const list = createHttpServer((_, response) => {
    // The start waits for this list of models.
    appendFileSync(join(directory, 'mlfi.yml'), 'models: [{ id: said-later }]\n');
    service?.child.kill('SIGHUP');
    const answer = setInterval(() => {
      const isOver = service?.child.signalCode !== null || service.said().includes('was read again');
      if (!isOver) return;
      clearInterval(answer);
      response.setHeader('content-type', 'application/json').end('[]');
    }, 10);
  });
  await new Promise<void>((resolve) => list.listen(listed, '127.0.0.1', resolve));
  service = startServiceProcess(directory, port, { discovery: { urls: [`http://127.0.0.1:${listed}/`] } });
  await service.ready();
  service.child.kill('SIGTERM');
  expect([await service.exited, service.said()]).toEqual([0, expect.stringContaining('was read again')]);
  const store = await openStore({ kind: 'sqlite', file: database(directory) }, 'read');
  expect((await store.models.list()).models.map(({ id }) => id)).toEqual(['said-later']);
  await store.close();
  await new Promise((resolve) => list.close(resolve));
});

it('listens to SIGHUP from before the store is opened until after it is closed', async () => {
  const before = process.listenerCount('SIGHUP');
  const directory = folder();
  const starting = start(directory);
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  const service = await starting;
  await service.close();
  expect(process.listenerCount('SIGHUP')).toBe(before);
  mkdirSync(join(directory, 'broken'));
  mkdirSync(database(join(directory, 'broken')));
  await expect(start(join(directory, 'broken'))).rejects.toThrow();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});
