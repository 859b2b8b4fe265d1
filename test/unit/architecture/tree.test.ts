import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const SOURCE = join(ROOT, 'exporter/src');

/** Rooms, and the folders and files in them, as docs/architecture.md lists them: `rca/`, `rca/causes/`, `rca/diagnose.ts`. */
function listedTree(page: string): string[] {
  const block = /<!-- tree:begin -->\s*```\n([^`]*)```/.exec(page)?.[1] ?? '';
  let room = '';
  return block.split('\n').flatMap((line) => {
    const indent = line.length - line.trimStart().length;
    const [first = '', ...more] = line.trim().split(/\s+/);
    if (indent === 2) room = first;
    if (indent < 2) return [];
    if (indent === 2) return [first];
    return first.endsWith('/') ? [`${room}${first}`] : [first, ...more].map((name) => `${room}${name}.ts`);
  });
}

function entriesOf(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isFolder: entry.isDirectory(),
  }));
}

/** The same, as it is on disk. */
function realTree(): string[] {
  return entriesOf(SOURCE).flatMap(({ name, isFolder }) =>
    isFolder
      ? [
          `${name}/`,
          ...entriesOf(join(SOURCE, name)).map((entry) => `${name}/${entry.name}${entry.isFolder ? '/' : ''}`),
        ]
      : [name],
  );
}

it('docs/architecture.md lists every room, folder and file of the top two levels, and nothing else', () => {
  const listed = listedTree(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'));
  const real = realTree();
  expect({
    missingInTheDocument: real.filter((entry) => !listed.includes(entry)).sort(),
    missingOnDisk: listed.filter((entry) => !real.includes(entry)).sort(),
    twice: listed.filter((entry, i) => listed.indexOf(entry) !== i),
  }).toEqual({ missingInTheDocument: [], missingOnDisk: [], twice: [] });
});
