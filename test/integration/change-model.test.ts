import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../exporter/src/config/load.js';
import { configCheck } from '../../exporter/src/cli/config-check.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { tryModels } from '../../exporter/src/service/try-models.js';
import { tryTopics } from '../../exporter/src/service/try-topics.js';
import { startService, type Service } from '../../exporter/src/service/start.js';
import { runService, type RunningService } from './running-service.js';

interface ModelServer {
  readonly url: string;
  /** Keys that were shown, one a call. */
  readonly keys: (string | null)[];
  readonly close: () => void;
}

/** A model that takes a text, and a key where one is asked for. */
async function modelServer(path: string, key: string | null): Promise<ModelServer> {
  const keys: (string | null)[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const shown = request.headers['x-api-key'];
      keys.push(typeof shown === 'string' ? shown : null);
      const reply = (status: number, answer: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      };
      if (request.url !== path) return reply(404, { detail: 'Not Found' });
      if (key !== null && shown !== key) return reply(401, { detail: 'missing X-API-Key' });
      if (!body.includes('"text"')) return reply(422, { detail: 'field required' });
      reply(200, { label: 'POSITIVE', confidence: 0.93 });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return { url, keys, close: () => server.close() };
}

let old: ModelServer;
let moved: ModelServer;
beforeAll(async () => {
  old = await modelServer('/predict', null);
  moved = await modelServer('/v2/score', 'k-123456');
});
afterAll(() => {
  old.close();
  moved.close();
});

describe('PATCH /api/v1/models/{id}', () => {
  let run: RunningService;
  const stored = () => run.service.application.models.status(modelId('reviews')).model;
  beforeAll(async () => {
    run = await runService();
    const made = await run.request('POST', '/api/v1/models', {
      id: 'reviews',
      url: old.url,
      owner: 'ada',
      probes_per_cycle: 2,
      calls_per_hour: 5_000,
    });
    expect(made).toMatchObject({ status: 201 });
    expect(stored().schedule).toMatchObject({ probesPerCycle: 2, callsPerHour: 5_000 });
  });
  afterAll(() => run.close());

  it('changes what is said of it without asking it, and null removes', async () => {
    const golden = stored().goldenInputs;
    const changed = await run.request('PATCH', '/api/v1/models/reviews', {
      owner: null,
      tags: ['text'],
      interval_seconds: 2,
      version: 'v2',
    });
    expect(changed).toMatchObject({ status: 200, body: { owner: null, tags: ['text'], version: 'v2' } });
    expect(stored().schedule).toMatchObject({ intervalMs: 2_000, probesPerCycle: 2 });
    expect(stored().goldenInputs).toEqual(golden);
  });

  it('renames it for people, and says of what is settled elsewhere where that is', async () => {
    const renamed = await run.request('PATCH', '/api/v1/models/reviews', { name: 'Parcel reviews' });
    expect(renamed).toMatchObject({ status: 200, body: { id: 'reviews', name: 'Parcel reviews' } });
    const secret = await run.request('PATCH', '/api/v1/models/reviews', { authorization_secret: 'hugging-face' });
    expect(secret).toMatchObject({ status: 400, body: { error: { field: 'authorization_secret' } } });
    expect(JSON.stringify(secret.body)).toContain('secrets stand in the configuration file alone');
    const id = await run.request('PATCH', '/api/v1/models/reviews', { id: 'other' });
    expect(id).toMatchObject({ status: 400, body: { error: { field: 'id' } } });
    expect(JSON.stringify(id.body)).toMatch(/"the id of a model stays as it is; register another one\. Known here: /);
    const schedule = await run.request('PATCH', '/api/v1/models/reviews', { schedule: { interval_ms: 1 } });
    expect(JSON.stringify(schedule.body)).toContain('say its parts, as \\"interval_seconds\\"');
    for (const path of ['incidents', 'alerts', 'recommendations', 'decisions.csv']) {
      const pointed = await run.request('GET', `/api/v1/${path}?model_id=reviews`);
      expect(JSON.stringify(pointed), path).toContain('is not known here: say \\"model\\"');
      expect((await run.request('GET', `/api/v1/${path}?model=reviews`)).status, path).toBe(200);
    }
    const missing = await run.request('GET', '/probe');
    expect(JSON.stringify(missing.body)).toContain('target: is missing');
  });

  it('refuses an address that does not answer, with the reason, and changes nothing', async () => {
    const before = stored();
    const refused = await run.request('PATCH', '/api/v1/models/reviews', { url: moved.url });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('missing X-API-Key');
    expect(stored()).toEqual(before);
  });

  it('takes a new address with what it wants, and keeps the golden inputs that are still answered', async () => {
    const golden = stored().goldenInputs;
    const changed = await run.request('PATCH', '/api/v1/models/reviews', {
      url: moved.url,
      headers: { 'X-API-Key': 'k-123456' },
    });
    expect(changed).toMatchObject({ status: 200, body: { url: moved.url } });
    expect(JSON.stringify(changed.body)).not.toContain('k-123456');
    expect(stored().goldenInputs).toEqual(golden);
    const asked = moved.keys.length;
    await vi.waitFor(() => expect(moved.keys.length).toBeGreaterThan(asked + 2), { timeout: 10_000 });
    expect(moved.keys.at(-1)).toBe('k-123456');
  });

  it('gives golden inputs that are new ids of their own, so that no answer is compared with another input’s', async () => {
    const asks = (texts: readonly string[]) =>
      run.request('PATCH', '/api/v1/models/reviews', { golden_inputs: texts.map((text) => ({ text })) });
    await asks(['a', 'b']);
    const first = stored().goldenInputs;
    await asks(['b', 'c']);
    const second = stored().goldenInputs;
    expect(second[0]).toEqual(first[1]);
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(3);
    expect(second.every(({ origin }) => origin === 'user')).toBe(true);
  });

  it('takes no credential to a server it was not given for', async () => {
    const before = stored();
    const asked = old.keys.length;
    const moving = await run.request('PATCH', '/api/v1/models/reviews', { url: old.url });
    expect(moving).toMatchObject({ status: 400, body: { error: { field: 'url' } } });
    expect(JSON.stringify(moving.body)).toContain('x-api-key was given for the present one');
    expect(stored()).toEqual(before);
    expect(old.keys.slice(asked)).toEqual([]);
    const without = await run.request('PATCH', '/api/v1/models/reviews', {
      url: old.url,
      headers: { 'X-API-Key': null },
    });
    expect(without).toMatchObject({ status: 200, body: { url: old.url } });
    const anew = await run.request('PATCH', '/api/v1/models/reviews', {
      url: moved.url,
      headers: { 'X-API-Key': 'k-123456' },
    });
    expect(anew).toMatchObject({ status: 200, body: { url: moved.url } });
  });

  it('removes one header of several, and is told in the audit log without any value', async () => {
    await run.request('PATCH', '/api/v1/models/reviews', { headers: { 'x-team': 'blue' } });
    expect(Object.keys(stored().endpoint?.asking?.headers ?? {}).sort()).toEqual(['X-API-Key', 'x-team']);
    await run.request('PATCH', '/api/v1/models/reviews', { headers: { 'X-Team': null } });
    expect(Object.keys(stored().endpoint?.asking?.headers ?? {})).toEqual(['X-API-Key']);
    const audit = await run.request('GET', '/api/v1/audit?limit=100');
    expect(JSON.stringify(audit.body)).toContain('model-changed');
    expect(JSON.stringify(audit.body)).not.toContain('k-123456');
  });

  it('survives a restart as changed', async () => {
    const before = stored();
    await run.restart();
    expect({ ...stored(), state: before.state }).toEqual(before);
  });

  it.each([
    [{}, 400],
    [{ nonsense: 1 }, 400],
    [{ url: 'ftp://x' }, 400],
    [{ headers: { 'a b': 'c' } }, 400],
  ])('refuses %j', async (body, status) => {
    expect((await run.request('PATCH', '/api/v1/models/reviews', body)).status).toBe(status);
    expect((await run.request('PATCH', '/api/v1/models/no-such-model', { owner: 'x' })).status).toBe(404);
  });
});

describe('models of the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-configured-'));
  const file = join(directory, 'mlfi.yml');
  let service: Service;
  const write = (models: readonly object[]): void =>
    writeFileSync(
      file,
      JSON.stringify({
        data_dir: directory,
        listen: { address: '127.0.0.1', port: 0 },
        egress: { allow_cidrs: ['127.0.0.0/8'] },
        probing: { interval: '1s', timeout: '1s' },
        secrets: { key: { value: 'k-123456' } },
        logging: { level: 'error' },
        models,
      }),
    );
  const start = async (): Promise<void> => {
    const loaded = loadConfig(file, {});
    if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
    service = await startService(loaded.config, { configurationFile: file });
  };
  const model = (id: string) => service.application.models.status(modelId(id)).model;
  const ids = () =>
    service.application.models
      .statuses()
      .map(({ model: { id } }) => String(id))
      .sort();
  beforeAll(async () => {
    write([{ id: 'a', url: old.url }, { id: 'logged' }]);
    await start();
  });
  afterAll(async () => {
    await service.close();
    rmSync(directory, { recursive: true });
  });

  it('are taken over by a reload: a new one, a changed way of asking, one that is gone', async () => {
    await vi.waitFor(() => expect(model('a').probePayloads.length).toBeGreaterThan(0), { timeout: 10_000 });
    const golden = model('a').goldenInputs;
    write([
      { id: 'a', url: moved.url, headers: { 'x-api-key': { secret: 'key' } }, owner: 'grace' },
      { id: 'b', url: old.url, tags: ['new'] },
    ]);
    expect(service.config.reload()).toMatchObject({ kind: 'applied', changed: ['models'], needRestart: [] });
    await vi.waitFor(
      () => {
        expect(ids()).toEqual(['a', 'b']);
        expect(model('a').endpoint?.url).toBe(moved.url);
        expect(model('b').probePayloads.length).toBeGreaterThan(0);
      },
      { timeout: 10_000 },
    );
    expect(model('a')).toMatchObject({ owner: 'grace', goldenInputs: golden });
  });

  it('keep what was changed elsewhere until the file says something else', async () => {
    const response = await fetch(`${service.address}/api/v1/models/b`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${service.firstKey ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({ owner: 'by the API' }),
    });
    expect(response.status).toBe(200);
    service.config.reload();
    await service.close();
    await start();
    expect(model('b').owner).toBe('by the API');
  });

  it('are taken over by a start when the file was changed while mlfi was stopped', async () => {
    await service.close();
    write([{ id: 'b', url: old.url, owner: 'by the file' }]);
    await start();
    await vi.waitFor(() => expect(model('b').owner).toBe('by the file'), { timeout: 10_000 });
    expect(ids()).toEqual(['b']);
  });

  it('are tried by `mlfi config check --online`, with a line for each and an exit code', async () => {
    const said: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    try {
      write([
        { id: 'good', url: old.url },
        { id: 'locked', url: moved.url },
        { id: 'opened', url: moved.url, headers: { 'x-api-key': { secret: 'key' } } },
        { id: 'logged' },
      ]);
      expect(await configCheck({ tryModels, tryTopics }, file, true)).toBe(2);
      expect(said.slice(1)).toEqual([
        expect.stringMatching(/^good: answers \(rest at http:.*\): prediction from/),
        expect.stringMatching(
          /^locked: not asked successfully\. The server answered 401: “missing X-API-Key”\. Give the/,
        ),
        expect.stringMatching(/^opened: answers/),
        'logged: not asked; it is known by its prediction logs only',
      ]);
      expect(said.join()).not.toContain('k-123456');
      write([{ id: 'good', url: old.url }]);
      expect(await configCheck({ tryModels, tryTopics }, file, true)).toBe(0);
    } finally {
      log.mockRestore();
    }
  });
});
