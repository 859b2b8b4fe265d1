/**
 * `npm run provision`: writes every generated file. Each folder beside this file exports `provisionedFiles()` from its
 * `files.ts`: path relative to the repository's root → text. Options: --grafana-url=… --runbook-url=… --check
 */
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allFiles } from './all-files.js';
import { settingsFrom } from './settings.js';

const root = join(import.meta.dirname, '../..');
const check = process.argv.includes('--check');
const files = await allFiles(settingsFrom(process.argv.slice(2)));
let stale = 0;
for (const [path, text] of Object.entries(files)) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale += 1;
  process.stdout.write(`${check ? 'stale' : 'written'}: ${path}\n`);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
if (stale === 0) process.stdout.write(`${Object.keys(files).length} files are up to date\n`);
if (check && stale > 0) process.exitCode = 1;
