import { expect, it } from 'vitest';
import { growForest } from '../../../../exporter/src/detection/isolation-forest/forest.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const noise = seededRandom('rows');
const ROWS = Array.from({ length: 300 }, () => [noise.next(), noise.next(), noise.next()]);

it("leaves the process's Math.random alone while it grows, whatever else draws from it meanwhile", () => {
  const original = Math.random;
  const seen = new Set<unknown>();
  const seeded = seededRandom(7);
  growForest(
    ROWS,
    {
      next() {
        seen.add(Math.random);
        return seeded.next();
      },
    },
    { trees: 5, sampleSize: 64 },
  );
  expect([...seen]).toEqual([original]);
});

it('grows the same forest from the same rows and stream, another from another stream', () => {
  const grow = (seed: number) => growForest(ROWS, seededRandom(seed), { trees: 5, sampleSize: 64 });
  expect(grow(1)).toEqual(grow(1));
  expect(grow(1).trees).not.toEqual(grow(2).trees);
});
