import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { expectedFailures, poissonScan } from '../../../../exporter/src/rca/segments/poisson-scan.js';

const DATA = new URL('../../../data/rs/', import.meta.url);

type Cause = Readonly<Record<string, string | number>>;

interface Case {
  readonly data: string | number;
  readonly timestamp: number;
  readonly cause: Cause | readonly Cause[];
}

interface Cell {
  readonly values: readonly string[];
  callsBefore: number;
  failuresBefore: number;
  calls: number;
  failures: number;
}

/** The leaves of one case: calls and failures at the minute of the fault, and in the file's earlier minutes. */
function leavesOf({ data, timestamp }: Case): {
  readonly attributes: readonly string[];
  readonly leaves: readonly Cell[];
} {
  const text = gunzipSync(readFileSync(new URL(`${data}.csv.gz`, DATA))).toString('utf8');
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.trim().split(',');
  const attributes = names.filter((name) => !['min', 'value', 'cnt'].includes(name));
  const leaves = new Map<string, Cell>();
  for (const line of lines) {
    const cells = line.trim().split(',');
    const cellOf = (name: string): string => cells[names.indexOf(name)] ?? '';
    const values = attributes.map(cellOf);
    const leaf = leaves.get(values.join(',')) ?? { values, callsBefore: 0, failuresBefore: 0, calls: 0, failures: 0 };
    leaves.set(values.join(','), leaf);
    const value = Number(cellOf('value'));
    const count = Number(cellOf('cnt'));
    if (Number(cellOf('min')) === timestamp) {
      leaf.calls += count;
      leaf.failures += value;
    } else if (Number(cellOf('min')) < timestamp) {
      leaf.callsBefore += count;
      leaf.failuresBefore += value;
    }
  }
  return { attributes, leaves: [...leaves.values()] };
}

test('finds the published causes of the real RS cases', () => {
  const cases = parse(readFileSync(new URL('causes.yaml', DATA), 'utf8')) as Case[];
  let hits1 = 0;
  let hits3 = 0;
  let causes = 0;
  for (const one of cases) {
    const { attributes, leaves } = leavesOf(one);
    const expected = expectedFailures(leaves);
    const groups = poissonScan(
      leaves.map((leaf, i) => ({ values: leaf.values, failures: leaf.failures, expected: expected[i] ?? 0 })),
    );
    const nameOf = (cause: Cause): string =>
      Object.entries(cause)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join('&');
    const truth = [one.cause].flat().map((cause) => nameOf(cause));
    causes += truth.length;
    const told = groups.map(({ predicates }) =>
      predicates
        .map(({ attribute, value }) => `${attributes[attribute] ?? ''}=${value}`)
        .sort()
        .join('&'),
    );
    hits1 += Number(truth.includes(told[0] ?? ''));
    hits3 += Number(told.slice(0, 3).some((group) => truth.includes(group)));
  }
  const f1 = (2 * hits1) / (cases.length + causes);
  expect(cases.length).toBe(68);
  expect(f1).toBeGreaterThanOrEqual(0.65);
  expect(hits3 / cases.length).toBeGreaterThanOrEqual(0.9);
});

test('names nothing where nothing exceeds what was expected', () => {
  expect(poissonScan([{ values: ['a'], failures: 3, expected: 3 }])).toEqual([]);
  expect(poissonScan([])).toEqual([]);
});

test('expected failures follow each leaf’s own past, pulled to the rate of all when it is short', () => {
  const [short, long] = expectedFailures([
    { callsBefore: 1, failuresBefore: 1, calls: 100 },
    { callsBefore: 1_000_000, failuresBefore: 10_000, calls: 100 },
  ]);
  expect(short).toBeCloseTo((100 * (1 + 500 * 0.01)) / 501, 1);
  expect(long).toBeCloseTo(1, 2);
});
