import { expect, test } from 'vitest';
import { sliceLine, type CodedRows } from '../../../../exporter/src/rca/segments/slice-line.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { adultRows } from '../adult.js';

interface Found {
  readonly key: string;
  readonly score: number;
  readonly rows: number;
}

/** Every conjunction of up to `level` predicates, scored by the definition. */
function bruteForce(
  table: CodedRows,
  errors: Float64Array,
  { alpha, minimumRows, top, maximumLevel }: { alpha: number; minimumRows: number; top: number; maximumLevel: number },
): Found[] {
  const mean = errors.reduce((a, b) => a + b, 0) / table.rows;
  const found: Found[] = [];
  const visit = (from: number, chosen: readonly [column: number, code: number][]): void => {
    for (let column = from; column < table.columns.length; column += 1) {
      for (const code of new Set(table.columns[column])) {
        if (code === 0) continue;
        const next = [...chosen, [column, code] as [number, number]];
        let rows = 0;
        let sum = 0;
        for (let row = 0; row < table.rows; row += 1) {
          if (!next.every(([c, v]) => table.columns[c]?.[row] === v)) continue;
          rows += 1;
          sum += errors[row] ?? 0;
        }
        const score = alpha * (sum / rows / mean - 1) - (1 - alpha) * (table.rows / rows - 1);
        if (rows >= minimumRows && sum > 0 && score > 0)
          found.push({ key: next.map((predicate) => predicate.join('=')).join('&'), score, rows });
        if (next.length < maximumLevel) visit(column + 1, next);
      }
    }
  };
  visit(0, []);
  return found.sort((a, b) => b.score - a.score).slice(0, top);
}

test('equals brute force on 1,000 random small tables', () => {
  const random = seededRandom(11);
  const below = (n: number): number => Math.floor(random.next() * n);
  for (let trial = 0; trial < 1_000; trial += 1) {
    const rows = 20 + below(60);
    const columns = Array.from({ length: 1 + below(4) }, () => {
      const codes = 1 + below(4);
      return Uint16Array.from({ length: rows }, () => below(codes + 1));
    });
    const binary = trial % 2 === 0;
    const errors = Float64Array.from({ length: rows }, () =>
      binary ? Number(random.next() < 0.3) : random.next() ** 3,
    );
    if (errors.every((error) => error === 0)) continue;
    const options = {
      alpha: 0.8 + 0.19 * random.next(),
      minimumRows: 1 + below(6),
      top: 1 + below(8),
      maximumLevel: 3,
    };
    const result = sliceLine({ rows, columns }, errors, options);
    const truth = bruteForce({ rows, columns }, errors, options);
    expect(result.slices.length).toBe(truth.length);
    for (const [rank, { score, rows: size, predicates }] of result.slices.entries()) {
      expect(score).toBeCloseTo(truth[rank]?.score ?? NaN, 9);
      const key = predicates.map(({ column, code }) => `${column}=${code}`).join('&');
      const equal = truth.filter((other) => Math.abs(other.score - score) < 1e-9);
      // At the last rank several slices may tie; any of them is right.
      if (equal.length === 1 && rank < truth.length - 1) expect([key, size]).toEqual([equal[0]?.key, equal[0]?.rows]);
    }
  }
});

test('is exact on Adult at level 2, where every pair can be counted', () => {
  const { table, errors } = adultRows();
  const options = { alpha: 0.95, minimumRows: Math.ceil(table.rows / 100), top: 10, maximumLevel: 2 };
  const result = sliceLine(table, errors, options);
  const truth = bruteForce(table, errors, options);
  expect(result.slices.map(({ score }) => score.toFixed(9))).toEqual(truth.map(({ score }) => score.toFixed(9)));
  expect(result.slices.map(({ rows }) => rows)).toEqual(truth.map(({ rows }) => rows));
}, 60_000);

test('an error that is everywhere the same, or nowhere, makes no slice', () => {
  const table = { rows: 4, columns: [Uint16Array.from([1, 1, 2, 2])] };
  const options = { alpha: 0.95, minimumRows: 1, top: 5, maximumLevel: 2 };
  expect(sliceLine(table, new Float64Array(4), options).slices).toEqual([]);
  expect(sliceLine(table, new Float64Array(4).fill(1), options).slices).toEqual([]);
  expect(sliceLine({ rows: 0, columns: [] }, new Float64Array(0), options).slices).toEqual([]);
});
