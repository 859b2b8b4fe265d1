import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

it('docs/threat-model.md names tests that exist, and every hostile test is named there', () => {
  const named = [...readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8').matchAll(/`(test\/[\w./-]+)`/g)].flatMap(
    ([, path]) => path ?? [],
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const hostile = readdirSync(join(ROOT, 'test/hostile')).filter((file) => file.endsWith('.test.ts'));
  expect(hostile.filter((file) => !named.includes(`test/hostile/${file}`))).toEqual([]);
});
