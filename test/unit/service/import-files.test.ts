import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openImport } from '../../../exporter/src/service/import-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openFiles = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });

it('shows the files of a folder one after the other and holds nothing of them, then gives each from its beginning', async () => {
  const row = `${'x'.repeat(990)},yes\n`;
  for (const name of ['a.csv', 'b.csv', 'c.csv'])
    writeFileSync(join(folder, name), `text,y_pred\n${row.repeat(10_000)}`);
  writeFileSync(join(folder, 'notes.txt'), 'not rows');
  const source = await openImport([folder], null);
  expect(source.files.map(({ name }) => name)).toEqual(['a.csv', 'b.csv', 'c.csv']);
  const previews = await source.preview('m', new Map());
  expect(previews.map(({ file, hasPredictions }) => [file, hasPredictions])).toEqual([
    ['a.csv', true],
    ['b.csv', true],
    ['c.csv', true],
  ]);
  await expect.poll(openFiles).toEqual([]);
  const rows: Record<string, number> = {};
  for await (const piece of source.pieces()) rows[piece.file] = (rows[piece.file] ?? 0) + piece.rows;
  expect(rows).toEqual({ 'a.csv': 10_000, 'b.csv': 10_000, 'c.csv': 10_000 });
});
