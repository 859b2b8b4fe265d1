import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { configCheck } from '../../../exporter/src/cli/config-check.js';
import { init, type InitOptions } from '../../../exporter/src/cli/init.js';
import { commandLine } from '../../../exporter/src/cli/own-command.js';
import { loadConfig } from '../../../exporter/src/config/load.js';
import { tryModels } from '../../../exporter/src/service/try-models.js';
import { modelServer, type Asked, type Reply } from '../capture/probing/model-server.js';

let folder: string;
let server: Awaited<ReturnType<typeof modelServer>>;
let said: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-init-'));
  server = await modelServer({
    'POST /predict': ({ headers }: Asked): Reply =>
      headers['x-api-key'] === 'k3y' || headers['authorization'] === 'Bearer k3y'
        ? { body: { prediction: 'a', confidence: 0.9 } }
        : { status: 401, body: { detail: 'X-Api-Key is missing' } },
    'POST /basic': ({ headers }: Asked): Reply =>
      headers['authorization'] === `Basic ${Buffer.from('ada:k3y').toString('base64')}`
        ? { body: { prediction: 'a', confidence: 0.9 } }
        : { status: 401, body: { detail: 'who are you?' } },
    'PUT /odd': { body: { modellversion: 'v7', vorhersage: 'ja', wahrscheinlichkeit: 0.8 } },
    'POST /predict?code=k3y&v=1': { body: { prediction: 'a', confidence: 0.9 } },
    'POST /predict?v=1&code=k3y': { body: { prediction: 'a', confidence: 0.9 } },
  });
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true });
});

const written = (file = 'mlfi.yml'): string => readFileSync(join(folder, file), 'utf8');
const run = (options: Partial<InitOptions>, path = '/predict'): Promise<number> =>
  init({ tryModels }, { output: join(folder, 'mlfi.yml'), url: `${server.origin}${path}`, id: 'm', ...options });
const noSecretIsTold = (): void => {
  expect(said.join('\n')).not.toContain('k3y');
  expect(written()).not.toContain('k3y');
};

describe('mlfi init keeps secrets out of what it writes', () => {
  it('a header whose value is in a file', async () => {
    const key = join(folder, 'key');
    writeFileSync(key, 'k3y\n');
    expect(await run({ header: [`X-Api-Key: @${key}`] })).toBe(0);
    expect(parse(written())).toMatchObject({
      models: [{ id: 'm', headers: { 'X-Api-Key': { secret: 'header-x-api-key' } } }],
      secrets: { 'header-x-api-key': { value_file: key } },
    });
    noSecretIsTold();
    expect(existsSync(join(folder, 'mlfi-secrets'))).toBe(false);
  });

  it('a header that is typed, which gets a file of its own', async () => {
    expect(await run({ header: ['X-Api-Key: k3y', 'X-Team: red'] })).toBe(0);
    expect(parse(written())).toMatchObject({
      secrets: { 'header-x-team': { value_file: 'mlfi-secrets/header-x-team' } },
    });
    noSecretIsTold();
    expect(written('mlfi-secrets/header-x-api-key')).toBe('k3y\n');
    expect(statSync(join(folder, 'mlfi-secrets/header-x-api-key')).mode & 0o077).toBe(0);
    const loaded = loadConfig(join(folder, 'mlfi.yml'), {});
    expect(loaded.kind === 'ok' && loaded.config.secrets.get('header-x-api-key')?.reveal()).toBe('k3y');
  });

  it('a header whose value is in the environment', async () => {
    expect(await run({ header: ['X-Api-Key'] })).toBe(1);
    expect(said.at(-1)).toContain('set MLFI_SECRET_HEADER_X_API_KEY, or give');
    vi.stubEnv('MLFI_SECRET_HEADER_X_API_KEY', 'k3y');
    expect(await run({ header: ['X-Api-Key'] })).toBe(0);
    noSecretIsTold();
    const loaded = loadConfig(join(folder, 'mlfi.yml'), process.env);
    expect(loaded.kind === 'ok' && loaded.config.secrets.get('header-x-api-key')?.reveal()).toBe('k3y');
  });

  it('a bearer token, and a parameter of the address', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'k3y\n');
    expect(await run({ tokenFile })).toBe(0);
    expect(written('mlfi-secrets/header-authorization')).toBe('Bearer k3y\n');
    expect(await run({ force: true }, '/predict?code=k3y&v=1')).toBe(0);
    expect(parse(written())).toMatchObject({
      models: [{ url: `${server.origin}/predict?v=1`, query: { code: { secret: 'query-code' } } }],
    });
    noSecretIsTold();
    expect(await run({ force: true }, '/predict?k3y')).toBe(1);
    expect(said.join('\n')).not.toContain('k3y');
  });

  it('a user with a password, and a parameter that is said by itself', async () => {
    const password = join(folder, 'password');
    writeFileSync(password, 'k3y\n');
    expect(await run({ basic: `ada:@${password}` }, '/basic')).toBe(0);
    const credentials = `Basic ${Buffer.from('ada:k3y').toString('base64')}`;
    expect(written('mlfi-secrets/header-authorization')).toBe(`${credentials}\n`);
    noSecretIsTold();
    expect(await run({ query: ['code=k3y'], force: true }, '/predict?v=1')).toBe(0);
    expect(parse(written())).toMatchObject({
      models: [{ url: `${server.origin}/predict?v=1`, query: { code: { secret: 'query-code' } } }],
    });
    noSecretIsTold();
    expect(await run({ query: ['code'], force: true })).toBe(1);
    expect(said.at(-1)).toContain('--query takes a name and a value');
  });

  it('and overwrites no secret of another model', async () => {
    expect(await run({ header: ['X-Api-Key: k3y'] })).toBe(0);
    const other = { header: ['X-Api-Key: other'], output: join(folder, 'other.yml') };
    expect(await run(other)).toBe(1);
    expect(said.at(-1)).toMatch(/header-x-api-key is there already .*--force/);
    expect(written('mlfi-secrets/header-x-api-key')).toBe('k3y\n');
    expect(existsSync(join(folder, 'other.yml'))).toBe(false);
  });
});

describe('mlfi init', () => {
  it('writes where the answer is, the method and the certificates it was told', async () => {
    const ca = join(folder, 'ca.pem');
    const told = { method: 'PUT', prediction: '/vorhersage', confidence: '/wahrscheinlichkeit', insecure: true };
    expect(await run({ ...told, payload: '{"a":1}' }, '/odd')).toBe(0);
    expect(parse(written())).toMatchObject({
      models: [
        {
          method: 'PUT',
          answer: { prediction: '/vorhersage', confidence: '/wahrscheinlichkeit' },
          tls: { insecure_skip_verify: true },
        },
      ],
    });
    expect(loadConfig(join(folder, 'mlfi.yml'), {}).kind).toBe('ok');
    expect(await run({ ...told, ca, force: true, payload: '{"a":1}' }, '/odd')).toBe(2);
    expect(said.at(-1)).toContain('ca.pem');
    expect(await run({ prediction: 'vorhersage', force: true }, '/odd')).toBe(1);
    expect(said.at(-1)).toContain('--prediction takes a JSON pointer');
  });

  it('writes what it learnt, at most 40 lines, and lines to switch on that are valid', async () => {
    const payloads = Array.from({ length: 30 }, (_, i) => JSON.stringify({ age: i, country: 'DE', rows: [[1, 2]] }));
    writeFileSync(join(folder, 'payloads'), payloads.join('\n'));
    expect(await run({ header: ['X-Api-Key: k3y'], payload: `@${join(folder, 'payloads')}` })).toBe(0);
    expect(written().split('\n').length).toBeLessThanOrEqual(40);
    expect(written()).toContain('gives a prediction and a confidence');
    writeFileSync(join(folder, 'ada.token'), 'a'.repeat(40));
    writeFileSync(join(folder, 'all.yml'), written().replaceAll(/^#(?=[a-z])/gm, ''));
    const loaded = loadConfig(join(folder, 'all.yml'), {});
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
    if (loaded.kind !== 'ok') return;
    expect(loaded.config.identity.localPeople.map(({ login }) => login)).toEqual(['ada']);
    expect(loaded.config.models[0]?.payloads).toHaveLength(30);
  });

  it('writes the protocol it found, by which the model is found again', async () => {
    const other = await modelServer({
      'GET /v1/models': { body: { object: 'list', data: [{ id: 'tiny', object: 'model' }] } },
      'POST /v1/chat/completions': {
        body: {
          object: 'chat.completion',
          model: 'tiny',
          choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.' } }],
        },
      },
    });
    const output = join(folder, 'mlfi.yml');
    expect(await init({ tryModels }, { output, url: other.origin })).toBe(0);
    expect(parse(written())).toMatchObject({ models: [{ connector: 'openai' }] });
    const tryTopics = (): Promise<void> => Promise.resolve();
    expect(await configCheck({ tryModels, tryTopics }, output, true)).toBe(0);
    await other.close();
  });

  it('refuses a folder that is not there before it asks the model', async () => {
    expect(await init({ tryModels }, { output: join(folder, 'none/mlfi.yml'), url: server.origin })).toBe(1);
    expect(said).toEqual([expect.stringContaining('does not exist')]);
    expect(server.asked).toEqual([]);
  });
});

describe('the next command', () => {
  const started = { nodeOptions: [], directory: '/home/ada', environment: {} };

  it.each([
    ['the command on the PATH', '/usr/bin/mlfi', {}, 'mlfi serve'],
    [
      'an alias, from the repository',
      '/home/ada/exporter/dist/src/main.js',
      {},
      'node exporter/dist/src/main.js serve',
    ],
    ['an alias, from elsewhere', '/opt/mlfi/main.js', {}, 'node /opt/mlfi/main.js serve'],
    ['npx, which puts it on no PATH', '/tmp/_npx/bin/mlfi', { npm_command: 'exec' }, 'node /tmp/_npx/bin/mlfi serve'],
    ['a folder with a space', "/opt/ada's own/main.js", {}, String.raw`node '/opt/ada'\''s own/main.js' serve`],
  ])('works by %s', (_, script, environment, expected) => {
    expect(commandLine(['serve'], { ...started, script, environment })).toBe(expected);
  });
});
