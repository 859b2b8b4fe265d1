import { readFileSync } from 'node:fs';
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
