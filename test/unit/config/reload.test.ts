import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../exporter/src/config/load.js';
import { keysUnder } from '../../../exporter/src/config/keys.js';
import {
  reloadableConfig,
  RESTART_SECTIONS,
  writtenSection,
  type ReloadableConfig,
} from '../../../exporter/src/config/reload.js';
import type { Logger } from '../../../exporter/src/domain/ports.js';

describe('reloading the configuration', () => {
  let folder: string;
  let file: string;
  let logged: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-reload-'));
    file = join(folder, 'mlfi.yml');
    logged = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const log =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

  function start(text: string): ReloadableConfig {
    writeFileSync(file, text);
    const loaded = loadConfig(file, {});
    if (loaded.kind === 'refused') expect.fail(JSON.stringify(loaded.problems));
    return reloadableConfig(loaded.config, file, {}, logger);
  }

  it('takes new values, and says what changed', () => {
    const service = start('detection: { low_confidence: 0.5 }\n');
    writeFileSync(file, 'detection: { low_confidence: 0.7 }\ngovernance: { kill_switch: true }\n');
    expect(service.reload()).toMatchObject({ kind: 'applied', changed: ['detection', 'governance'], needRestart: [] });
    expect(service.current().detection.lowConfidence).toBe(0.7);
  });

  it('keeps the old configuration when the new one is wrong, and says why with line and remedy', () => {
    const service = start('detection: { low_confidence: 0.6 }\n');
    const before = service.current();
    writeFileSync(file, 'detection:\n  low_confidence: 60\n');
    const outcome = service.reload();
    expect(outcome.kind === 'refused' ? outcome.problems : []).toEqual([
      `${file}:2:19: \`detection.low_confidence\` must be at most 1. Lower it.`,
    ]);
    expect(service.current()).toBe(before);
    expect(logged[0]).toMatch(/^error .*old one stays in force.*low_confidence/);
    rmSync(file);
    expect(service.reload().kind).toBe('refused');
    expect(service.current()).toBe(before);
  });

  it('keeps what needs a restart at its old value and says so, until the file says the same again', () => {
    const service = start('listen: { port: 9000 }\n');
    writeFileSync(file, 'listen: { port: 9001 }\nlearning: { lessons_considered: 5 }\n');
    expect(service.reload()).toMatchObject({ changed: ['listen', 'learning'], needRestart: ['listen'] });
    expect(service.current().listen.port).toBe(9_000);
    expect(service.current().learning.lessonsConsidered).toBe(5);
    expect(logged.some((line) => line.startsWith('warn') && line.includes('"listen"'))).toBe(true);
    writeFileSync(file, 'listen: { port: 9000 }\nlearning: { lessons_considered: 5 }\n');
    expect(service.reload()).toMatchObject({ changed: [], needRestart: [] });
  });

  it('names every section that changed as it is written in the file', () => {
    const service = start('data_dir: ./a\n');
    const reported: string[] = [];
    service.onReload((_, changed) => void reported.push(...changed.map(writtenSection)));
    writeFileSync(file, 'data_dir: ./b\nlog_files: [{ directory: /var/log/m, model: m }]\napi_keys: []\n');
    const outcome = service.reload();
    expect(outcome.kind === 'applied' ? outcome.needRestart : []).toEqual(
      expect.arrayContaining(['data_dir', 'log_files']),
    );
    const keys = new Set(keysUnder([]));
    expect(reported.concat(RESTART_SECTIONS.map(writtenSection)).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('notices a changed secret without logging it', () => {
    const service = start('secrets: { hf: { value: canary-one } }\n');
    writeFileSync(file, 'secrets: { hf: { value: canary-two } }\n');
    expect(service.reload()).toMatchObject({ changed: ['secrets'] });
    expect(service.current().secrets.get('hf')?.reveal()).toBe('canary-two');
    expect(logged.join()).not.toContain('canary');
  });

  it('listens to SIGHUP until told to stop', async () => {
    const service = start('');
    const listeners = process.listenerCount('SIGHUP');
    const stop = service.onHangUp();
    writeFileSync(file, 'learning: { lessons_considered: 7 }\n');
    process.kill(process.pid, 'SIGHUP');
    while (service.current().learning.lessonsConsidered !== 7) await new Promise((resolve) => setTimeout(resolve, 5));
    stop();
    expect(process.listenerCount('SIGHUP')).toBe(listeners);
  });
});
