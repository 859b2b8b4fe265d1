import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { CodedRows } from '../../../exporter/src/rca/segments/slice-line.js';

/** UCI Adult as text cells, header left out (test/data/adult/README.md names the source). */
function adultCells(): string[][] {
  const path = new URL('../../data/adult/adult.data.csv.gz', import.meta.url);
  const [, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines.map((line) => line.split(',').map((cell) => cell.trim())).filter((cells) => cells.length === 15);
}

/**
 * Adult for SliceLine: categories in order of appearance, numbers in ten equi-width bins, and as error whether a plain
 * rule (married and with more than 9 years of schooling earns > 50K) is wrong.
 */
export function adultRows(): { readonly table: CodedRows; readonly errors: Float64Array } {
  const cells = adultCells();
  const columns = Array.from({ length: 14 }, (_, column) => {
    const values = cells.map((row) => row[column] ?? '');
    if (!/^\d+$/.test(values[0] ?? '')) {
      const codes = new Map<string, number>();
      return Uint16Array.from(values, (value) => {
        if (!codes.has(value)) codes.set(value, codes.size + 1);
        return codes.get(value) ?? 0;
      });
    }
    const numbers = values.map(Number);
    const low = numbers.reduce((a, b) => Math.min(a, b));
    const high = numbers.reduce((a, b) => Math.max(a, b));
    return Uint16Array.from(numbers, (x) => Math.min(10, 1 + Math.floor((10 * (x - low)) / (high - low))));
  });
  const errors = Float64Array.from(cells, (row) => {
    const guess = row[5] === 'Married-civ-spouse' && Number(row[4]) > 9;
    return Number(guess !== (row[14] === '>50K'));
  });
  return { table: { rows: cells.length, columns }, errors };
}
