import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  DEFAULT_SCAN,
  expectedFailures,
  poissonScan,
  type ScanLeaf,
} from '../../../../exporter/src/rca/segments/poisson-scan.js';

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

interface Loaded {
  readonly leaves: readonly ScanLeaf[];
  readonly attributes: readonly string[];
  readonly truth: readonly string[];
}

/** Half of the cases chose the depth bonus (even places in causes.yaml), the other half judges it (odd places). */
function loadHalf(which: 0 | 1): Loaded[] {
  const cases = parse(readFileSync(new URL('causes.yaml', DATA), 'utf8')) as Case[];
  return cases
    .filter((_, place) => place % 2 === which)
    .map((one) => {
      const { attributes, leaves } = leavesOf(one);
      const expected = expectedFailures(leaves);
      const nameOf = (cause: Cause): string =>
        Object.entries(cause)
          .map(([name, value]) => `${name}=${value}`)
          .sort()
          .join('&');
      return {
        attributes,
        leaves: leaves.map(({ values, failures }, i) => ({ values, failures, expected: expected[i] ?? 0 })),
        truth: [one.cause].flat().map((cause) => nameOf(cause)),
      };
    });
}

/** F1 of the first group told, and how often the first three hold a true cause. */
function score(cases: readonly Loaded[], depthBonus: number): { readonly f1: number; readonly hit3: number } {
  let hits1 = 0;
  let hits3 = 0;
  for (const { attributes, leaves, truth } of cases) {
    const told = poissonScan(leaves, { ...DEFAULT_SCAN, depthBonus }).map(({ predicates }) =>
      predicates
        .map(({ attribute, value }) => `${attributes[attribute] ?? ''}=${value}`)
        .sort()
        .join('&'),
    );
    hits1 += Number(truth.includes(told[0] ?? ''));
    hits3 += Number(told.slice(0, 3).some((group) => truth.includes(group)));
  }
  const causes = cases.reduce((sum, { truth }) => sum + truth.length, 0);
  return { f1: (2 * hits1) / (cases.length + causes), hit3: hits3 / cases.length };
}

test('no other depth bonus does better on the half of the real RS cases that chose it', () => {
  const tuning = loadHalf(0);
  expect(tuning).toHaveLength(34);
  const ours = score(tuning, DEFAULT_SCAN.depthBonus);
  for (const bonus of [0, 1, 2, 4, 5, 6]) expect(score(tuning, bonus).f1).toBeLessThanOrEqual(ours.f1);
});

test('finds the published causes of the RS cases it was not tuned on', () => {
  const judging = loadHalf(1);
  const { f1, hit3 } = score(judging, DEFAULT_SCAN.depthBonus);
  const tuned = score(loadHalf(0), DEFAULT_SCAN.depthBonus);
  process.stdout.write(
    `    RS, evaluated half: F1@1 ${f1.toFixed(3)}, hit@3 ${hit3.toFixed(3)}; tuning half: ${tuned.f1.toFixed(3)}, ${tuned.hit3.toFixed(3)}\n`,
  );
  expect(judging).toHaveLength(34);
  expect(f1).toBeGreaterThanOrEqual(0.65);
  expect(hit3).toBeGreaterThanOrEqual(0.9);
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
