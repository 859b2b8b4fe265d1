import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';
import { SECRETS } from '../../../provisioning/stack/secrets.mjs';
import { guideFragments } from '../../provisioning/guide.js';
import { ROOT } from '../../provisioning/expressions.js';

const fragments = guideFragments();
const of = (check: string): typeof fragments => fragments.filter((fragment) => fragment.check === check);
const guide = readFileSync(join(ROOT, 'docs/add-to-existing.md'), 'utf8');
let secrets: string;

beforeAll(() => {
  secrets = mkdtempSync(join(tmpdir(), 'mlfi-guide-'));
  for (const [name, make] of Object.entries(SECRETS)) writeFileSync(join(secrets, name), make());
});
afterAll(() => rmSync(secrets, { recursive: true, force: true }));

describe('docs/add-to-existing.md', () => {
  it('says of every fragment how it is checked', () => {
    expect(fragments.length).toBeGreaterThan(10);
    for (const { check, language, line } of fragments) expect(`${line} ${language}: ${check}`).toMatch(/: [a-z-]+$/);
  });

  it.each(fragments.filter(({ language }) => language === 'yaml'))('holds YAML in line $line', ({ text }) => {
    expect(parse(text)).toBeTypeOf('object');
  });

  it.each(of('mlfi'))('holds a configuration in line $line that mlfi takes', ({ text }) => {
    const loaded = parseConfig('mlfi.yml', text.replaceAll('/etc/mlfi/secrets', secrets), {}, '/');
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
    if (loaded.kind !== 'ok') return;
    const { annotations, changes, models, egress } = loaded.config;
    for (const url of [annotations.grafanaUrl, changes.prometheusUrl, ...models.map((model) => model.url ?? null)])
      if (url !== null) expect(egress.allowHosts).toContain(new URL(url).hostname);
  });

  it.each(of('shell'))('holds commands in line $line that a shell can read', ({ text }) => {
    const checked = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect(checked.stderr).toBe('');
  });

  it('makes keys that mlfi takes', () => {
    const [first] = of('shell');
    const made = join(secrets, 'made');
    const ran = spawnSync('bash', ['-e'], {
      input: first?.text.replaceAll('/etc/mlfi/secrets', made),
      encoding: 'utf8',
    });
    expect(ran.stderr).toBe('');
    const key = readFileSync(join(made, 'mlfi-read-key'), 'utf8');
    const text = `api_keys: [{ name: a, scopes: [read], key: '${key}' }]\n`;
    expect(parseConfig('mlfi.yml', text, {}, '/').kind).toBe('ok');
  });

  it('names files of this repository that are there', () => {
    const named = [...guide.matchAll(/`((?:provisioning|docs)\/[^`*\s]+)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(4);
    for (const path of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it('names addresses of mlfi that it answers at', () => {
    const known = [...ROUTES.map(({ path }) => path), '/api/v1/alerts/alertmanager'];
    const named = [...guide.matchAll(/mlfi\.internal:9899(\/[a-z0-9/_-]+)/g)].map(([, path]) => path);
    expect(named.length).toBeGreaterThan(1);
    for (const path of named) expect(known).toContain(path);
  });
});
