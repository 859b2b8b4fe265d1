import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { modelServer, type Asked, type Reply } from '../unit/capture/probing/model-server.js';
import { commandIn, firstKey } from './documented-commands.js';
import { freePort } from './servers/free-port.js';
import { onTerminal, type Terminal } from './servers/terminal.js';

const KEY = 'k3y-that-nobody-may-see';

let folder: string;
let server: Awaited<ReturnType<typeof modelServer>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-terminal-'));
  server = await modelServer({
    'POST /predict': ({ headers, body }: Asked): Reply => {
      if (headers['authorization'] !== `Bearer ${KEY}` && headers['x-api-key'] !== KEY)
        return { status: 401, body: { detail: 'a key is missing' } };
      const text = JSON.stringify(body);
      if (!/"age":\d/.test(text)) return { status: 422, body: { error: "missing 'age'" } };
      return { body: { prediction: text.length % 2 === 0 ? 'a' : 'b', confidence: 0.9 } };
    },
  });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const mlfi = (...words: readonly string[]): Terminal =>
  onTerminal([join(commandIn(folder), 'mlfi'), ...words], { columns: 80, cwd: folder });
const file = (name: string): string => readFileSync(join(folder, name), 'utf8');

it('asks for address and key, then for what the model says it lacks, and names the next command, which works', async () => {
  const terminal = mlfi('init');
  await terminal.reads('Address of the model');
  terminal.types(`${server.origin}/predict\r`);
  await terminal.reads('not shown (Enter for none): ');
  terminal.types(`${KEY}\r`);
  await terminal.reads('Header it goes in');
  terminal.types('\r');
  await terminal.reads("missing 'age'");
  await terminal.reads('as JSON (Enter to leave): ');
  terminal.types('{"age":38}\r');
  expect(await terminal.ended, terminal.shown()).toBe(0);
  expect(terminal.shown()).not.toContain(KEY);
  expect(terminal.shown()).toContain('takes age; gives a prediction and a confidence');

  const written = file('mlfi.yml');
  expect(written).not.toContain(KEY);
  expect(written.split('\n').length).toBeLessThanOrEqual(40);
  expect(parse(written)).toMatchObject({
    models: [{ payloads: [{ age: 38 }], headers: { Authorization: { secret: 'header-authorization' } } }],
  });
  expect(file('mlfi-secrets/header-authorization')).toBe(`Bearer ${KEY}\n`);
  expect(statSync(join(folder, 'mlfi-secrets/header-authorization')).mode & 0o077).toBe(0);

  const next = /Next: (.+?)\r?\n/.exec(terminal.shown())?.[1] ?? '';
  const port = await freePort();
  const service = spawn('bash', ['-c', `exec ${next}`], {
    cwd: folder,
    env: { ...process.env, MLFI_LISTEN_PORT: String(port) },
  });
  try {
    const authorization = `Bearer ${await firstKey(service)}`;
    const models = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/api/v1/models`, { headers: { authorization } })).text();
    await expect.poll(models, { timeout: 60_000 }).toContain('"state":"learning"');
  } finally {
    service.kill('SIGTERM');
  }
});

it('asks again for a key that is refused and an address where nothing listens; Ctrl-C leaves and writes nothing', async () => {
  const terminal = mlfi('init');
  await terminal.reads('Address of the model');
  terminal.types(`127.0.0.1:${await freePort()}/predict\r`);
  await terminal.reads('Its key, not shown');
  terminal.types('\r');
  await terminal.reads('nothing listens there');
  await terminal.reads('Address of the model');
  terminal.types(`${server.origin}/predict\r`);
  await terminal.reads('a key is missing');
  await terminal.reads('not shown (Enter to leave): ');
  terminal.types(`wrong\r`);
  await terminal.reads('Header it goes in');
  terminal.types('X-Api-Key\r');
  await terminal.reads('not shown (Enter to leave): ');
  terminal.types(`\u0003`);
  expect(await terminal.ended, terminal.shown()).toBe(130);
  expect(terminal.shown()).toContain('mlfi.yml is not written');
  expect(terminal.shown()).not.toContain('wrong');
  expect([existsSync(join(folder, 'mlfi.yml')), existsSync(join(folder, 'mlfi-secrets'))]).toEqual([false, false]);
});

it('asks nothing of whom it was given an address by, nor where a file is there already', async () => {
  const given = mlfi('init', '--url', `${server.origin}/predict`);
  expect(await given.ended).toBe(2);
  expect(given.shown()).toContain('a key is missing');
  writeFileSync(join(folder, 'mlfi.yml'), '# mine\n');
  const taken = mlfi('init');
  expect(await taken.ended).toBe(1);
  expect(taken.shown()).toContain('--force overwrites it');
  expect(file('mlfi.yml')).toBe('# mine\n');
});
