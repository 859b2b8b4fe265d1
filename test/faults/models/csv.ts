import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Rows of a gzipped CSV file without quoting under test/data, as text by column name. */
export function readCsv(...path: readonly string[]): Readonly<Record<string, string>>[] {
  const file = join(import.meta.dirname, '..', '..', 'data', ...path);
  const [header = '', ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
  });
}
