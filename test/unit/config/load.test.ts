import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../exporter/src/config/config.js';
import { overridableKeys, variableOf } from '../../../exporter/src/config/environment.js';
import { loadConfig, parseConfig, type LoadedConfig } from '../../../exporter/src/config/load.js';

const CANARY = 'canary-secret-0d9f';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function taken(loaded: LoadedConfig): Config {
  if (loaded.kind === 'refused') expect.fail(JSON.stringify(loaded.problems));
  return loaded.config;
}

function refused(loaded: LoadedConfig): Extract<LoadedConfig, { kind: 'refused' }>['problems'] {
  if (loaded.kind === 'ok') expect.fail('the configuration was taken');
  return loaded.problems;
}

describe('loading a configuration', () => {
  it('takes an empty file, one with comments only, and sections with nothing below them', () => {
    const defaults = taken(loadConfig(null, {}));
    for (const text of ['', '# nothing\n', 'listen:\nmodels:\negress:\n  allow_hosts:\n', '{}']) {
      expect(taken(loadConfig(file('empty.yml', text), {}))).toEqual(defaults);
    }
    expect(defaults.database).toEqual({ kind: 'sqlite', file: resolve('mlfi-data/mlfi.sqlite') });
  });

  it('says so when there is no such file, when it is a folder, and when it is too large', () => {
    expect(refused(loadConfig(join(folder, 'none.yml'), {}))[0]?.message).toContain('no such file');
    mkdirSync(join(folder, 'folder.yml'));
    expect(refused(loadConfig(join(folder, 'folder.yml'), {}))[0]?.message).toContain('EISDIR');
    const large = file('large.yml', `# ${'x'.repeat(5_000_000)}`);
    expect(refused(loadConfig(large, {}))[0]?.message).toContain('larger than 4 MiB');
  });

  it('reports every problem at once, in the order of the file', () => {
    const problems = refused(
      loadConfig(file('many.yml', 'logging:\n  level: loud\nlisten:\n  port: -1\n  adress: x\nnonsense: 1\n'), {}),
    );
    expect(problems.map(({ line, key }) => [line, key])).toEqual([
      [2, 'logging.level'],
      [4, 'listen.port'],
      [5, 'listen.adress'],
      [6, 'nonsense'],
    ]);
  });

  it('stops a bomb of aliases', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
    const problems = refused(loadConfig(file('bomb.yml', ['a0: &a0 [x, x]', ...levels].join('\n')), {}));
    expect(problems[0]?.message).toContain('aliases');
  });

  it('does not let keys reach the prototype of objects', () => {
    const problems = refused(loadConfig(file('proto.yml', '__proto__:\n  polluted: true\n'), {}));
    expect(problems[0]?.key).toBe('__proto__');
    expect('polluted' in {}).toBe(false);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        const loaded = parseConfig('f', text, {}, folder);
        if (loaded.kind === 'refused') {
          for (const { message, remedy } of loaded.problems) expect(message.length * remedy.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  }, 120_000);
});

describe('environment variables', () => {
  it('override the file, each in the type of its key', () => {
    const path = file('env.yml', 'listen:\n  port: 1000\nlogging:\n  level: warn\n');
    const config = taken(
      loadConfig(path, {
        MLFI_LISTEN_PORT: '2000',
        MLFI_DATA_DIR: '/srv/mlfi',
        MLFI_GOVERNANCE_KILL_SWITCH: 'true',
        MLFI_GOVERNANCE_APPROVALS_SCALE_OUT: '3',
        MLFI_EGRESS_ALLOW_CIDRS: '127.0.0.0/8, ::1/128',
        MLFI_EGRESS_ALLOW_PORTS: '80,443',
        MLFI_PROBING_INTERVAL: '5s',
        MLFI_PROBING_CALLS_PER_HOUR: '100',
        HOME: '/root',
      }),
    );
    expect(config.listen.port).toBe(2_000);
    expect(config.logging.level).toBe('warn');
    expect(config.dataDirectory).toBe('/srv/mlfi');
    expect(config.governance.killSwitch).toBe(true);
    expect(config.governance.approvals['scale-out']).toBe(3);
    expect(config.egress.allowCidrs).toEqual(['127.0.0.0/8', '::1/128']);
    expect(config.egress.allowPorts).toEqual([80, 443]);
    expect(config.probing).toMatchObject({ intervalMs: 5_000, callsPerHour: 100 });
  });

  it('are refused by name when wrong, without repeating the value', () => {
    for (const [variable, value] of [
      ['MLFI_LISTEN_PORT', CANARY],
      ['MLFI_LISTEN_PORT', '70000'],
      ['MLFI_GOVERNANCE_KILL_SWITCH', 'on'],
      ['MLFI_PROBING_INTERVAL', '5'],
      ['MLFI_EGRESS_ALLOW_PORTS', '80,x'],
      ['MLFI_EGRESS_ALLOW_CIDRS', `127.0.0.0/8,${CANARY}`],
      ['MLFI_DATABASE_URL', `mysql://x:${CANARY}@h/d`],
    ] as const) {
      const problems = refused(loadConfig(null, { [variable]: value }));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ file: 'environment', line: null, key: variable });
      expect(JSON.stringify(problems)).not.toContain(CANARY);
    }
  });

  it('that fit no key are warned about, not refused: Kubernetes sets such for a service named mlfi', () => {
    const used = ['MLFI_CONFIG', 'MLFI_URL', 'MLFI_TOKEN', 'MLFI_NODE', 'MLFI_PYTHON', 'MLFI_BENCH_PYTHON'];
    const others = Object.fromEntries(used.map((name) => [name, 'x']));
    const loaded = loadConfig(null, { MLFI_PORT: 'tcp://10.0.0.1:9899', MLFI_LISTEN_PROT: '1', ...others });
    expect(loaded.kind === 'ok' ? loaded.warnings : []).toEqual([
      expect.stringMatching(/^MLFI_PORT sets no key/),
      'MLFI_LISTEN_PROT sets no key of the configuration; did you mean MLFI_LISTEN_PORT?',
    ]);
  });

  it('have names of their own, none of them a secret’s', () => {
    const names = overridableKeys().map(({ path }) => variableOf(path));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => name.startsWith('MLFI_SECRET_'))).toEqual([]);
  });
});

describe('secrets', () => {
  const text = `
database: { url_file: database-url }
secrets:
  hf: { value_file: ./token }
  plain: { value: ${CANARY}-plain }
governance:
  webhooks:
    - { name: ci, url: 'https://ci.example.org', actions: [retrain], signing_secret_file: token }
`;

  it('are read from files beside the configuration and never show', () => {
    file('database-url', `postgres://mlfi:${CANARY}@db/mlfi\n`);
    file('token', `Bearer ${CANARY}\r\n`);
    const config = taken(loadConfig(file('secrets.yml', text), { MLFI_SECRET_FROM_ENV: `${CANARY}-env` }));
    expect(config.database.kind === 'postgresql' ? config.database.url.reveal() : '').toBe(
      `postgres://mlfi:${CANARY}@db/mlfi`,
    );
    expect(config.secrets.get('hf')?.reveal()).toBe(`Bearer ${CANARY}`);
    expect(config.secrets.get('plain')?.reveal()).toBe(`${CANARY}-plain`);
    expect(config.secrets.get('from-env')?.reveal()).toBe(`${CANARY}-env`);
    expect(config.governance.signingSecrets.get('ci')?.reveal()).toBe(`Bearer ${CANARY}`);
    const shown = [
      inspect(config, { depth: 10 }),
      JSON.stringify(config),
      `${String(config.secrets.get('hf'))}`,
    ].join();
    expect(shown).not.toContain(CANARY);
    expect(shown).toContain('<secret>');
  });

  it('in files that are empty, of several lines, too large or of the wrong form are refused at the key', () => {
    const wrong = { empty: '\n', lines: 'a\nb', large: 'x'.repeat(70_000) };
    for (const [name, content] of Object.entries(wrong)) {
      file(name, content);
      const problems = refused(loadConfig(file('s.yml', `secrets:\n  a:\n    value_file: ${name}\n`), {}));
      expect(problems[0]).toMatchObject({ line: 3, key: 'secrets.a.value_file' });
    }
    file('not-a-url', CANARY);
    const problems = refused(loadConfig(file('s.yml', 'database:\n  url_file: not-a-url\n'), {}));
    expect(problems[0]).toMatchObject({ line: 2, key: 'database.url_file' });
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });
});
