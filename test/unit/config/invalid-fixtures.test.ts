import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../exporter/src/config/load.js';
import { describeProblem } from '../../../exporter/src/config/problem.js';
import { EXPECTED } from './invalid-fixtures.js';

const FOLDER = join(import.meta.dirname, '../../data/config');

describe('a wrong configuration file', () => {
  it('has a fixture for every expectation and the other way round', () => {
    const fixtures = readdirSync(FOLDER).flatMap((name) => /^invalid-(.+)\.yml$/.exec(name)?.[1] ?? []);
    expect(fixtures.sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.entries(EXPECTED))(
    '%s is refused with line, key and remedy',
    (name, [line, column, key, message, remedy]) => {
      const file = join(FOLDER, `invalid-${name}.yml`);
      const loaded = loadConfig(file, {});
      if (loaded.kind === 'ok') expect.fail('the file was taken');
      expect(loaded.problems).toHaveLength(1);
      const [problem] = loaded.problems;
      expect(problem).toMatchObject({ file, line, column, key });
      expect(problem?.message).toContain(message);
      expect(problem?.remedy).toContain(remedy);
      expect(JSON.stringify(loaded.problems)).not.toContain('canary-secret');
      expect(problem === undefined ? '' : describeProblem(problem)).toMatch(
        new RegExp(`:${line}:${column}: .+\\. [A-Z].+[.?]$`),
      );
    },
  );
});
