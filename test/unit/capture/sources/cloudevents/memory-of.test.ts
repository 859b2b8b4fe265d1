import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { memoryOf } from '../../../../../exporter/src/capture/sources/cloudevents/memory-of.js';
import { parseJson } from '../../../../../exporter/src/domain/json.js';

/** Bytes of the heap that a parsed text takes, in a process that does nothing else: a test run's heap gives up code of its own at any time. */
const MEASURE = `
const text = require('node:fs').readFileSync(0, 'utf8');
JSON.parse(text);
const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
const before = heap();
const value = JSON.parse(text);
const taken = heap() - before;
console.log(taken, Array.isArray(value));
`;
const taken = (text: string): number =>
  Number.parseInt(
    execFileSync(process.execPath, ['--expose-gc', '-e', MEASURE], { encoding: 'utf8', input: text }),
    10,
  );

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
])('weighs %s no lighter than they are, and no more than some times heavier', (_what, text) => {
  const [says, heap] = [memoryOf(parseJson(text)), taken(text)];
  expect(says).toBeGreaterThan(0.8 * heap);
  expect(says).toBeLessThan(6 * heap);
});

it('costs no stack where values are nested', () => {
  expect(memoryOf(parseJson('['.repeat(100_000) + ']'.repeat(100_000)))).toBeGreaterThan(4_000_000);
});
