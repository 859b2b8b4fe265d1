// `npm run package -w grafana-plugin`: the built plugin as one zip for Grafana's catalogue, with its digests and where it comes
// from. Signing (`npx @grafana/sign-plugin`, needs grafana.com) puts MANIFEST.txt into dist/ before; without it the zip is
// unsigned, which is said.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveOf, digestOf, filesOf } from './archive.mjs';

const plugin = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(plugin, 'dist');
const { id, info } = JSON.parse(readFileSync(join(dist, 'plugin.json'), 'utf8'));
const folder = join(plugin, 'artifacts');
const file = join(folder, `${id}-${info.version}.zip`);
const git = (...words) => execFileSync('git', words, { cwd: plugin, encoding: 'utf8' }).trim();

const archive = archiveOf(dist, id);
const signed = existsSync(join(dist, 'MANIFEST.txt'));
const provenance = {
  plugin: id,
  version: info.version,
  signed,
  commit: git('rev-parse', 'HEAD'),
  // Changes that were not committed are in the archive and in no history.
  clean: git('status', '--porcelain', '--', '.') === '',
  node: process.version,
  sha1: digestOf('sha1', archive),
  sha256: digestOf('sha256', archive),
  files: Object.fromEntries(filesOf(dist).map((path) => [path, digestOf('sha256', readFileSync(join(dist, path)))])),
};
mkdirSync(folder, { recursive: true });
writeFileSync(file, archive);
writeFileSync(`${file}.sha1`, `${provenance.sha1}  ${id}-${info.version}.zip\n`);
writeFileSync(`${file}.provenance.json`, `${JSON.stringify(provenance, null, 2)}\n`);
console.log(
  `${file}: ${archive.length} bytes, ${Object.keys(provenance.files).length} files, ${signed ? 'signed' : 'unsigned'}`
);
