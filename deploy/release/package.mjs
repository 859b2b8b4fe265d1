// `npm run package`: what a release consists of, in artifacts/: the exporter as an npm tarball, the Grafana plugin as a zip, the
// Python client as a wheel, the parts of the exporter (CycloneDX), the release note and the SHA-256 of each.
// `--only exporter,python` leaves out what takes long, `--into <folder>` puts it elsewhere: the folder is made anew.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { releaseNote } from './release-note.mjs';

const root = join(import.meta.dirname, '../..');
const ARTIFACTS = join(root, 'artifacts');
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'exporter,plugin,python' },
    into: { type: 'string', default: ARTIFACTS },
  },
});
const artifacts = values.into;
const run = (command, words, cwd = root) => execFileSync(command, words, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
const json = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const { version } = json('package.json');

const isOurs =
  values.into === ARTIFACTS ||
  !existsSync(artifacts) ||
  readdirSync(artifacts).length === 0 ||
  existsSync(join(artifacts, 'SHA256SUMS'));
if (!isOurs)
  throw new Error(`--into ${artifacts}: it holds files that are of no release; name another folder, or an empty one`);
rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts);

/** Only what runs: no demo, no source maps, no workspace. */
function packExporter() {
  run('npm', ['run', 'build', '-w', 'exporter']);
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-package-'));
  try {
    cpSync(join(root, 'exporter/dist/src'), join(folder, 'dist/src'), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    });
    for (const file of ['LICENSE', 'mlfi.example.yml']) copyFileSync(join(root, file), join(folder, file));
    copyFileSync(join(import.meta.dirname, 'exporter.md'), join(folder, 'README.md'));
    const { name, license, type, bin, engines, dependencies } = json('exporter/package.json');
    const { description } = json('package.json');
    const manifest = { name, version, description, license, type, bin, engines, dependencies };
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    run('npm', ['pack', '--silent', '--pack-destination', artifacts], folder);
    writeFileSync(join(artifacts, `mlfi-exporter-${version}.cdx.json`), run('node', ['exporter/parts-list.mjs']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function packPlugin() {
  run('npm', ['run', 'package', '-w', 'grafana-plugin']);
  for (const file of globSync(join(root, 'grafana-plugin/artifacts', `*-${version}.zip*`)))
    copyFileSync(file, join(artifacts, basename(file)));
}

/** Setuptools leaves folders beside its sources: it gets a copy. */
function packPython() {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-wheel-'));
  try {
    cpSync(join(root, 'clients/python'), folder, { recursive: true });
    run(process.env['MLFI_PYTHON'] ?? 'python3', [
      '-m',
      'pip',
      'wheel',
      '--quiet',
      '--no-deps',
      '-w',
      artifacts,
      folder,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const packers = { exporter: packExporter, plugin: packPlugin, python: packPython };
for (const part of values.only.split(',')) {
  if (!(part in packers)) throw new Error(`--only knows ${Object.keys(packers).join(', ')}, not "${part}"`);
  packers[part]();
}
const note = releaseNote(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
writeFileSync(join(artifacts, `mlfi-${version}.md`), note);
const made = globSync('*', { cwd: artifacts }).sort();
const digestOf = (file) =>
  createHash('sha256')
    .update(readFileSync(join(artifacts, file)))
    .digest('hex');
writeFileSync(join(artifacts, 'SHA256SUMS'), made.map((file) => `${digestOf(file)}  ${file}\n`).join(''));
for (const file of [...made, 'SHA256SUMS']) console.log(join(artifacts, file));
