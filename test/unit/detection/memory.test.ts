import { expect, it } from 'vitest';
import { growForest } from '../../../exporter/src/detection/isolation-forest/forest.js';
import { DriftMonitor } from '../../../exporter/src/detection/sequential/drift-monitor.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

/** What an array takes besides its numbers, measured: the array, its buffer, and the record of the memory outside the heap. */
const BYTES_OF_AN_ARRAY = 250;

/** Bytes of all arrays of numbers that something holds, each counted once. */
function bytesOfNumbers(held: unknown): number {
  const met = new Set<object>();
  const waiting: unknown[] = [held];
  let bytes = 0;
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (typeof each !== 'object' || each === null || met.has(each)) continue;
    met.add(each);
    if (ArrayBuffer.isView(each)) bytes += each.byteLength + BYTES_OF_AN_ARRAY;
    else if (each instanceof Map) for (const entry of each) waiting.push(...entry);
    else for (const key of Object.keys(each)) waiting.push(Reflect.get(each, key));
  }
  return bytes;
}

const random = seededRandom('rows');
const MINUTE_MS = 60_000;

it.each([
  { season: 'none', mostBytes: 300_000 },
  { season: 'auto', mostBytes: 450_000 },
] as const)('watches twelve features within $mostBytes bytes, with season $season', ({ season, mostBytes }) => {
  const monitor = new DriftMonitor('m', { ...DEFAULT_FALSE_PAGE_BUDGET, season }, (text) => text);
  for (let i = 0; i < 3_000; i += 1) {
    const numbers = Object.fromEntries(Array.from({ length: 10 }, (_, f) => [`n${f}`, random.next()]));
    monitor.observe({
      atMs: i * MINUTE_MS,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: {
        ...numbers,
        region: `r${Math.floor(4 * random.next())}`,
        plan: random.next() < 0.3 ? 'free' : 'paid',
      },
      prediction: random.next() < 0.3 ? 'yes' : 'no',
      confidence: random.next(),
      latencySeconds: random.next(),
      failure: null,
      label: null,
      modelVersion: null,
    });
    if (i % 100 === 99) monitor.settle(i * MINUTE_MS, 100);
  }
  monitor.startWatching();
  expect(bytesOfNumbers(monitor)).toBeLessThan(mostBytes);
});

it('keeps a forest of a hundred trees of 256 rows within 250 kB', () => {
  const rows = Array.from({ length: 2_000 }, () => Array.from({ length: 12 }, () => random.next()));
  expect(bytesOfNumbers(growForest(rows, seededRandom(1)))).toBeLessThan(250_000);
});
