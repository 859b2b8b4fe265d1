import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../../..');
const text = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8');
const testsIn = (part: string): string[] => [...part.matchAll(/`(test\/[\w./-]+)`/g)].flatMap(([, path]) => path ?? []);

const attacks = (text.split('## Attacks that are kept as tests')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (attack|-)/.test(line))
  .map((line) => ({ attack: line.split('|')[1]?.trim() ?? '', tests: testsIn(line), line }));

/** What was found or held when the service was attacked (issue 14): none of it may fall out of the table. */
const KEPT = [
  /kill −9 amid batches/,
  /without a batch id/,
  /process 1 of the next container/,
  /races of four processes for the lock/,
  /start that fails/,
  /damaged documents/,
  /every page of the store overwritten/,
  /implicit creation over a stored model/,
  /bodies made to be dear/,
  /every limit of what a sender may bring/,
  /deep nesting/,
  /slow heads and bodies, idle connections, unread streams/,
  /wildcards/,
  /Kubernetes manifests run/,
  /database goes away/,
  /NUL .*fingerprints/,
  /names that would become one model/,
  /revoked or rotated key with an open stream/,
  /wrong keys/,
  /container that is broken into/,
  /dependency with an advisory.*licence/,
  /no failure: answers that became faster, a model that was removed/,
  /spellings of forbidden addresses/,
  /resolve to a public address first/,
  /forged, replayed and changed tokens/,
  /every route with every credential/,
  /votes cast at the same moment/,
  /callbacks/,
  /receivers that hang/,
  /made for a shell/,
  /audit log/,
  /upgrade from 0\.1\.0/,
  /growth that nothing bounds/,
];

it('docs/threat-model.md names tests that exist, and every hostile test is named there', () => {
  const named = testsIn(text);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const hostile = readdirSync(join(ROOT, 'test/hostile')).filter((file) => file.endsWith('.test.ts'));
  expect(hostile.filter((file) => !named.includes(`test/hostile/${file}`))).toEqual([]);
});

it('every attack that was ever made is listed there, each with its test', () => {
  expect(attacks.filter(({ tests }) => tests.length === 0)).toEqual([]);
  expect(KEPT.filter((kept) => !attacks.some(({ attack }) => kept.test(attack)))).toEqual([]);
});

it('`npm run test:hostile` runs every test of the table but those of `npm run test:load`', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const filters = scripts['test:hostile']?.split(' vitest run ')[1]?.split(' ') ?? [];
  expect(filters.length).toBeGreaterThan(5);
  const missed = attacks
    .flatMap(({ tests }) => tests)
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/load/'))
    .filter((path) => !filters.some((filter) => path.includes(filter)));
  expect([...new Set(missed)]).toEqual([]);
});

it('`npm run test:hostile` builds what it attacks, and mixes no projects that Vitest runs only one by one', () => {
  expect(readFileSync(join(ROOT, 'package.json'), 'utf8')).toMatch(
    /"test:hostile": "npm run build -w exporter && MLFI_LONG=1 vitest run /,
  );
  const config = readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8');
  const turns = [...config.matchAll(/groupOrder: (\d+)/g)].map(([, turn]) => turn);
  expect(turns.length).toBe(config.match(/^ +name: '/gm)?.length);
  expect(new Set(turns).size).toBe(turns.length);
});
