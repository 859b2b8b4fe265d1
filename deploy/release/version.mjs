// `npm version <version>` calls it: the version stands in package.json, and from there in whatever is published.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const { version } = JSON.parse(read('package.json'));

/** Each file with its version, as it is written there. */
const places = [
  ['exporter/package.json', /("version": ")[^"]+/],
  ['grafana-plugin/package.json', /("version": ")[^"]+/],
  ['clients/python/pyproject.toml', /^(version = ")[^"]+/m],
];
for (const [file, pattern] of places) writeFileSync(join(root, file), read(file).replace(pattern, `$1${version}`));
const changelog = read('CHANGELOG.md');
if (!changelog.includes(`\n## ${version}`))
  writeFileSync(
    join(root, 'CHANGELOG.md'),
    changelog.replace(
      '\n## Unreleased\n',
      `\n## Unreleased\n\n## ${version} – ${new Date().toISOString().slice(0, 10)}\n`,
    ),
  );
execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
execFileSync('git', ['add', 'CHANGELOG.md', 'package-lock.json', ...places.map(([file]) => file)], { cwd: root });
