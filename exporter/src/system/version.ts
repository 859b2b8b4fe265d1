import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Finds the package this file belongs to, from the sources as from the build. */
function packageVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === '@mlfi/exporter') return found.version ?? 'unknown';
    } catch {
      continue;
    }
  }
  return 'unknown';
}

/** Version of this program, from its package.json. */
export const version = packageVersion();
