#!/usr/bin/env node
// The parts of the shipped service as CycloneDX 1.6, from package-lock.json alone: same lock file, same list, no network.
// (`npm sbom --workspace exporter --omit dev` leaves out what other workspaces need too, e.g. zod.)
// Plain JavaScript without dependencies: the Docker build runs it. Writes to standard output.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2] ?? join(import.meta.dirname, '..');
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

/** `a/node_modules/b` → `a/node_modules/b/`, `a/`, ``: where Node looks for what `b` needs. */
function foldersAbove(place) {
  const parts = place.split('/node_modules/');
  return [...parts.map((_, i) => `${parts.slice(0, parts.length - i).join('/node_modules/')}/`), ''];
}

const found = new Map();
const waiting = ['exporter'];
for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
  const { dependencies, optionalDependencies } = packages[place];
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const at = foldersAbove(place)
      .map((folder) => `${folder}node_modules/${name}`)
      .find((path) => path in packages);
    if (at === undefined && name in (optionalDependencies ?? {})) continue;
    if (at === undefined) throw new Error(`package-lock.json does not say where ${place} finds ${name}`);
    if (found.has(at)) continue;
    found.set(at, { name, ...packages[at] });
    waiting.push(at);
  }
}

const components = [...found.values()]
  .map(({ name, version, license, integrity, optional }) => ({
    type: 'library',
    'bom-ref': `pkg:npm/${name.replace('@', '%40')}@${version}`,
    name,
    version,
    scope: optional === true ? 'optional' : 'required',
    licenses:
      license === undefined
        ? []
        : [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    hashes:
      integrity === undefined
        ? []
        : [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
  }))
  .sort((a, b) => (a.purl < b.purl ? -1 : a.purl > b.purl ? 1 : 0));
// One version may lie in several folders.
const distinct = components.filter(({ purl }, i) => components[i - 1]?.purl !== purl);
const { version } = packages.exporter;
process.stdout.write(
  `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: { type: 'application', 'bom-ref': 'mlfi', name: 'mlfi', version } },
      components: distinct,
    },
    null,
    2,
  )}\n`,
);
