import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** The ```sh blocks of a page, in order, each with what stands in the comment before it (`<!-- send: 3 rows -->` → `send: 3 rows`). */
export function shellBlocks(page: string): readonly { readonly note: string; readonly text: string }[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/(?:<!-- ([^>]*) -->\n\n)?```sh\n([\s\S]*?)```/g)].map(([, note = '', block = '']) => ({
    note,
    text: block,
  }));
}

/** The ```yaml blocks of a page that stand below a comment `<!-- config: name -->`, each with that name. */
export function configurations(page: string): readonly (readonly [name: string, text: string])[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/<!-- config: ([^>]*) -->\n\n```yaml\n([\s\S]*?)```/g)].map(([, name = '', block = '']) => [
    name,
    block,
  ]);
}

/** A folder for PATH with `mlfi` in it, run from its sources; with PLAYS_BUILT as it was built. */
export function commandIn(folder: string): string {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const command = join(folder, 'bin', 'mlfi');
  const tsx = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
  const sources = `--import "${tsx}" "${join(ROOT, 'exporter/src/main.ts')}"`;
  const program = process.env['PLAYS_BUILT'] === undefined ? sources : `"${join(ROOT, 'exporter/dist/src/main.js')}"`;
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" ${program} "$@"\n`);
  chmodSync(command, 0o755);
  return join(folder, 'bin');
}

/** The API key that `mlfi serve` prints at its first start. */
export async function firstKey(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const found = /first API key\s+(\S+)/.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`mlfi serve ended: ${text}`);
}
