import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

it('CONTRIBUTING.md names every step of npm test, in their order', () => {
  const table = /const STEPS = \{([\s\S]*?)\n\};/.exec(readFileSync(join(ROOT, 'test/run.mjs'), 'utf8'))?.[1] ?? '';
  const steps = [...table.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  const listed = /# one step: (.*)/.exec(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8'))?.[1] ?? '';
  expect(listed.split(', ')).toEqual(steps);
});
