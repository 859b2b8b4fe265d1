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

/** Git knows no empty folders: one that is left over from another branch is none. */
const hasFiles = (folder: string): boolean =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());

function entriesOf(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
    .filter(({ name, isFolder }) => !isFolder || hasFiles(join(folder, name)));
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

/** The names in the first column of the table whose header names the folder. */
function tableOf(page: string, folder: string): string[] {
  const block = /<!-- resources:begin -->([\s\S]*?)<!-- resources:end -->/.exec(page)?.[1] ?? '';
  const table = block.split('\n\n').find((part) => part.startsWith(`| \`${folder}\` `)) ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((row) => /^\| `([a-z-]+)`/.exec(row)?.[1] ?? row);
}

it.each([
  ['http/routes/', ['index.ts']],
  ['capture/probing/connectors/', ['index.ts', 'connector.ts']],
])('docs/architecture.md says what each file of %s is for', (folder, others) => {
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const files = entriesOf(join(SOURCE, folder)).map(({ name }) => name);
  const expected = files.filter((name) => !others.includes(name)).map((name) => name.replace(/\.ts$/, ''));
  expect(tableOf(page, folder).sort()).toEqual(expected.sort());
});

it('docs/architecture.md lists every room, folder and file of the top two levels, and nothing else', () => {
  const listed = listedTree(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'));
  const real = realTree();
  expect({
    missingInTheDocument: real.filter((entry) => !listed.includes(entry)).sort(),
    missingOnDisk: listed.filter((entry) => !real.includes(entry)).sort(),
    twice: listed.filter((entry, i) => listed.indexOf(entry) !== i),
  }).toEqual({ missingInTheDocument: [], missingOnDisk: [], twice: [] });
});

it('main.ts only begins: at most 40 lines', () => {
  expect(readFileSync(join(SOURCE, 'main.ts'), 'utf8').split('\n').length).toBeLessThanOrEqual(41);
});
