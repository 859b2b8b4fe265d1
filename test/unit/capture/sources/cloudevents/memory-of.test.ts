import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { memoryOf } from '../../../../../exporter/src/capture/sources/cloudevents/memory-of.js';
import { parseJson } from '../../../../../exporter/src/domain/json.js';

setFlagsFromString('--expose-gc');
const collect = z.custom<() => void>((given) => typeof given === 'function').parse(runInNewContext('gc'));

const STILL_BYTES = 50_000;
/** What is really taken of the heap by it. */
const kept: unknown[] = [];
async function taken(text: string): Promise<{ readonly says: number; readonly heap: number }> {
  // Code and modules of a test run are given up some time after they were last used.
  const heap = async (): Promise<number> => {
    let [before, calm] = [Infinity, 0];
    for (let i = 0; i < 100 && calm < 4; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
      const now = process.memoryUsage().heapUsed;
      calm = Math.abs(before - now) < STILL_BYTES ? calm + 1 : 0;
      before = now;
    }
    return before;
  };
  // A repeated text is put together when it is first read.
  parseJson(text);
  const before = await heap();
  const value = parseJson(text);
  kept.push(value);
  return { heap: (await heap()) - before, says: memoryOf(value) };
}

const many = (one: string, times = 100_000): string => `[${`${one},`.repeat(times)}null]`;
it.each([
  ['whole numbers', many('0')],
  ['numbers', many('0.5')],
  ['numbers among texts', `["a",${many('0.5').slice(1)}`],
  ['nulls', many('null')],
  ['empty objects', many('{}')],
  ['empty lists', many('[]')],
  ['small lists', many('[1]')],
  ['rows', many('{"age":1.5,"job":"abc"}')],
  ['texts', `[${Array.from({ length: 60_000 }, (_, i) => `"a text ${i}"`).join(',')}]`],
  ['long texts of two bytes each', `["${'é→'.repeat(500_000)}"]`],
  ['names', `{${Array.from({ length: 60_000 }, (_, i) => `"n${i}":${i}`).join(',')}}`],
])('weighs %s no lighter than they are, and no more than some times heavier', async (_what, text) => {
  const { says, heap } = await taken(text);
  expect(says).toBeGreaterThan(0.8 * heap);
  expect(says).toBeLessThan(6 * heap);
});

it('costs no stack where values are nested', () => {
  expect(memoryOf(parseJson('['.repeat(100_000) + ']'.repeat(100_000)))).toBeGreaterThan(4_000_000);
});
