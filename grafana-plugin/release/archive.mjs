import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';

/** The same content makes the same archive, whenever it is made. */
const MADE = new Date(1980, 0, 1);

/** Files below a folder, by path with `/`, in alphabetical order. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => String(path).replaceAll('\\', '/'))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** A zip that holds one folder, `root`, with everything that is in `folder`: what Grafana's catalogue wants. */
export function archiveOf(folder, root) {
  const entries = filesOf(folder).map((path) => [`${root}/${path}`, new Uint8Array(readFileSync(join(folder, path)))]);
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: MADE });
}

export const digestOf = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');
