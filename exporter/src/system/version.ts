import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const described = z.object({ name: z.string().optional(), version: z.string().optional() });

/** Finds the package this file belongs to, from the sources as from the build. */
function packageVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = described.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
      if (found.name === '@mlfi/exporter') return found.version ?? 'unknown';
    } catch {
      continue;
    }
  }
  return 'unknown';
}

/** Version of this program, from its package.json. */
export const version = packageVersion();
