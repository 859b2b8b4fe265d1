/** `npm run provision`: writes everything under provisioning/ that is generated. A test fails when the committed files differ. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { grafanaFiles } from './grafana/files.js';

const root = join(import.meta.dirname, '../..');
for (const { path, text } of grafanaFiles()) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${path}\n`);
}
