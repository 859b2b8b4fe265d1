// Makes the secrets of docker-compose.yml that are not there yet. Plain JavaScript without dependencies.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const random = (bytes) => randomBytes(bytes).toString('base64url');
/** `mlfi_<12 characters>_<43 characters>`, of which "_" is kept out of the first. */
const apiKey = () => `mlfi_${random(9).replaceAll('_', '-')}_${random(32)}`;

/** What stands in the token's file until Grafana, once it runs, has made one. */
export const NO_TOKEN_YET = 'none-yet';

export const SECRETS = {
  'mlfi-read-key': apiKey,
  'mlfi-ingest-key': apiKey,
  'mlfi-operator-key': apiKey,
  'mlfi-plugin-secret': () => random(32),
  'grafana-admin-password': () => random(18),
  'grafana-secret-key': () => random(32),
  'grafana-annotations-token': () => NO_TOKEN_YET,
};

/**
 * Writes the secrets that are missing in `folder`. Only their owner can enter the folder; the files are readable, because
 * Compose mounts them as they are and the containers run as other users.
 * @returns the names of those made now
 */
export function makeSecrets(folder) {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const made = Object.entries(SECRETS).filter(([name]) => !existsSync(join(folder, name)));
  for (const [name, make] of made) writeFileSync(join(folder, name), make(), { mode: 0o644 });
  return made.map(([name]) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(import.meta.dirname, '../../secrets');
  const made = makeSecrets(folder);
  console.log(made.length === 0 ? `all secrets are in ${folder}` : `made in ${folder}: ${made.join(', ')}`);
}
