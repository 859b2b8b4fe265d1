import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { init } from '../../../exporter/src/cli/init.js';
import { tryModels } from '../../../exporter/src/service/try-models.js';
import { modelServer, type Asked, type Reply } from '../capture/probing/model-server.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-init-'));
let server: Awaited<ReturnType<typeof modelServer>>;
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

it('asks with the headers that are given, and writes them as secrets', async () => {
  server = await modelServer({
    'POST /predict': ({ headers }: Asked): Reply =>
      headers['x-api-key'] === 'k3y' && headers['x-team'] === 'red'
        ? { body: { prediction: 'a', confidence: 0.9 } }
        : { status: 401, body: { detail: 'X-Api-Key is missing' } },
  });
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  const output = join(folder, 'mlfi.yml');
  const key = join(folder, 'key');
  writeFileSync(key, 'k3y\n');
  const url = `${server.origin}/predict`;
  const header = [`X-Api-Key: @${key}`, 'X-Team: red'];
  expect(await init({ tryModels }, { output, url, id: 'm', header })).toBe(0);
  vi.restoreAllMocks();
  expect(parse(readFileSync(output, 'utf8'))).toMatchObject({
    models: [
      { id: 'm', headers: { 'X-Api-Key': { secret: 'header-x-api-key' }, 'X-Team': { secret: 'header-x-team' } } },
    ],
    secrets: { 'header-x-api-key': { value_file: key }, 'header-x-team': { value: 'red' } },
  });
  expect(said.join('\n')).not.toContain('k3y');
});
