import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXAMPLE = 'mlfi.example.yml';

/** The example lies at the root of the repository (or beside the package in the image), above this file. */
function exampleFile(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, EXAMPLE))) return join(folder, EXAMPLE);
    if (folder === dirname(folder)) return null;
  }
}

/** `mlfi init`: writes the commented example configuration. 0 written, 1 refused. */
export function init(output: string, force: boolean): number {
  const example = exampleFile();
  if (example === null) {
    console.error(`${EXAMPLE} is missing from this installation`);
    return 1;
  }
  if (existsSync(output) && !force) {
    console.error(`${output} is there already; --force overwrites it, --output names another file`);
    return 1;
  }
  writeFileSync(output, readFileSync(example, 'utf8').replace('Copy to mlfi.yml and keep', 'Keep'));
  console.log(`${output} written. Edit it, then: mlfi config check ${output} && mlfi serve --config ${output}`);
  return 0;
}
