import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { ProvisionSettings } from './settings.js';

/** What every `<folder>/files.ts` exports. */
export interface ProvisioningFolder {
  readonly provisionedFiles: (settings: ProvisionSettings) => Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../..');

/** Every generated file, formatted as the repository formats by hand: path from the root → text. */
export async function allFiles(settings: ProvisionSettings): Promise<Readonly<Record<string, string>>> {
  const written: Record<string, string> = {};
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    const file = join(import.meta.dirname, name, 'files.ts');
    if (!existsSync(file)) continue;
    const folder = (await import(pathToFileURL(file).href)) as ProvisioningFolder;
    for (const [path, text] of Object.entries(folder.provisionedFiles(settings))) {
      const target = join(root, path);
      const options = await resolveConfig(target);
      written[path] = /\.(ya?ml|json|md)$/.test(path) ? await format(text, { ...options, filepath: target }) : text;
    }
  }
  return written;
}
