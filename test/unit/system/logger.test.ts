import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withinOneLine } from '../../../exporter/src/system/logger.js';

it('leaves the fields of an ordinary line as they are', () => {
  const fields = { model: 'fraud', error: 'Error: no\n    at x (y.ts:1:1)', nested: { a: [1, 2] } };
  expect(withinOneLine(fields)).toBe(fields);
});

it('cuts what is long, keeps what is short, and says so', () => {
  const told = withinOneLine({
    model: 'fraud',
    error: 'x'.repeat(100_000),
    causes: Array.from({ length: 5_000 }, () => 7),
  });
  expect(told['model']).toBe('fraud');
  expect(String(told['error'])).toMatch(/^x{500,}… \(cut\)$/);
  expect(String(told['causes'])).toMatch(/^\[7,7,.*… \(cut\)$/);
});

it('makes every line fit into 4 kB, whatever is told', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 9_000, unit: 'binary' }),
    fc.string({ maxLength: 9_000, unit: fc.constantFrom('\u0000', '"', '雪', '🙈', 'a') }),
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 30 }), fc.oneof(text, fc.array(text, { maxLength: 4 })), { maxKeys: 40 }),
      (fields) => {
        expect(Buffer.byteLength(JSON.stringify(withinOneLine(fields)))).toBeLessThan(3_900);
      },
    ),
    { numRuns: 200 },
  );
});

/** A device that is always full; Linux has it. */
const FULL = '/dev/full';
it.skipIf(!existsSync(FULL))('loses lines when their disk is full, and goes on', () => {
  const program = `
    import { createLogger } from './exporter/src/system/logger.ts';
    const logger = createLogger('info');
    for (let i = 0; i < 3; i += 1) {
      logger.info({ i }, 'a line');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log('went on');`;
  const ended = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', openSync(FULL, 'w')],
    encoding: 'utf8',
  });
  expect(ended).toMatchObject({ status: 0, stdout: 'went on\n' });
});

it('tells the same error once, and others that differ only in what an Error says', () => {
  const code = `
    import { createLogger } from './exporter/src/system/logger.ts';
    const log = createLogger('info');
    for (let i = 0; i < 100; i += 1) log.error({ error: 'the disk is full' }, 'commit failed');
    for (const said of ['one', 'two']) log.error({ error: new Error(said) }, 'commit failed');
    for (let i = 0; i < 3; i += 1) log.info({}, 'ready');`;
  const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(stderr.trim().split('\n')).toHaveLength(6);
});
