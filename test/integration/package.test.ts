import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const python = process.env['MLFI_PYTHON'] ?? 'python3';
const manifest = z.object({ version: z.string(), private: z.boolean().optional() });
const versionOf = (file: string): string => manifest.parse(JSON.parse(readFileSync(join(ROOT, file), 'utf8'))).version;
const run = (command: string, words: readonly string[], cwd: string): string =>
  execFileSync(command, words, { cwd, encoding: 'utf8' });

describe('what `npm run package` makes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-package-'));
  const made = join(folder, 'artifacts');
  const version = versionOf('package.json');
  const mlfi = (...words: string[]): string =>
    run(process.execPath, [join(folder, 'package/dist/src/main.js'), ...words], folder);

  beforeAll(() => {
    run(process.execPath, ['deploy/release/package.mjs', '--only', 'exporter,python', '--into', made], ROOT);
    run('tar', ['xzf', join(made, `mlfi-exporter-${version}.tgz`)], folder);
    // What npm would install, as it lies here.
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    symlinkSync(join(ROOT, 'exporter/node_modules'), join(folder, 'package/node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is an exporter that runs from its tarball', () => {
    expect(mlfi('--version').trim()).toBe(version);
    expect(mlfi('init')).toContain('mlfi.yml written');
    expect(mlfi('config', 'check', 'mlfi.yml')).toContain('every key and value is valid');
  });

  it('holds no demo, no test, no source map', () => {
    const files = globSync('{*,dist/**/*}', { cwd: join(folder, 'package') });
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((file) => /\.map$|\.test\.|(^|\/)demo\//.test(file))).toEqual([]);
  });

  it('may be published', () => {
    const packed: unknown = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
    expect(manifest.parse(packed).private).toBeUndefined();
  });

  it('is a client that can be imported from its wheel', () => {
    const [wheel = ''] = globSync('*.whl', { cwd: made });
    run(python, ['-m', 'zipfile', '-e', join(made, wheel), join(folder, 'site')], folder);
    expect(run(python, ['-c', 'import mlfi_client; print(mlfi_client.Mlfi.__name__)'], join(folder, 'site'))).toBe(
      'Mlfi\n',
    );
  });

  it('has the digest of each file, the parts and the release note', () => {
    const sums = readFileSync(join(made, 'SHA256SUMS'), 'utf8').trim().split('\n');
    for (const line of sums) {
      const [digest, file = ''] = line.split('  ');
      expect(
        createHash('sha256')
          .update(readFileSync(join(made, file)))
          .digest('hex'),
      ).toBe(digest);
    }
    expect(sums.map((line) => line.split('  ')[1])).toEqual(
      expect.arrayContaining([
        `mlfi-${version}.md`,
        `mlfi-exporter-${version}.cdx.json`,
        `mlfi-exporter-${version}.tgz`,
      ]),
    );
  });

  it('has one version', () => {
    expect(versionOf('exporter/package.json')).toBe(version);
    expect(versionOf('grafana-plugin/package.json')).toBe(version);
    expect(readFileSync(join(ROOT, 'clients/python/pyproject.toml'), 'utf8')).toContain(`version = "${version}"`);
  });
});
