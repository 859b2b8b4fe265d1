import { describe, expect, it } from 'vitest';
import type { Features, Observation } from '../../../exporter/src/domain/observation.js';
import { analyseRows, isSmall, type RowAnalysisInput } from '../../../exporter/src/rca/row-analysis.js';
import { rowPieces } from '../../../exporter/src/rca/row-pieces.js';
import { codingsOf } from '../../../exporter/src/rca/segments/coding.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';

type Shape = (row: number, value: () => number) => Features;
const named = (count: number, name: (k: number) => string, value: () => number): Features =>
  Object.fromEntries(Array.from({ length: count }, (_, k) => [name(k), value()]));
const narrow: Shape = (_, value) => named(5, (k) => `f${k}`, value);
const wide: Shape = (_, value) => named(500, (k) => `f${k}`, value);
const fresh: Shape = (row, value) => named(20, (k) => `n${row}_${k}`, value);

function rows(count: number, shape: Shape, seed: number, fall: number): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, atMs) =>
    observation({
      atMs,
      features: shape(atMs, () => random.next()),
      confidence: 0.9 - 0.1 * random.next() - (random.next() < 0.3 ? fall : 0),
    }),
  );
}
const input = (count: number, shape: Shape, reported: boolean): RowAnalysisInput => ({
  baselineRows: rows(count, shape, 1, 0),
  rows: rows(count, shape, 2, 0.3),
  features: [],
  modelChanged: reported ? null : true,
  experiment: null,
  attributions: [],
});
const valuesOf = ({ rows: now, baselineRows }: RowAnalysisInput): number =>
  [...now, ...baselineRows].reduce((sum, { features }) => sum + Object.keys(features ?? {}).length + 4, 0);

/** Microseconds of processor time per value, the best of three. */
function costPerValue(analysed: RowAnalysisInput): number {
  let best = Infinity;
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage();
    analyseRows(analysed);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / valuesOf(analysed));
  }
  return best;
}

describe('rows made to be dear to analyse', () => {
  const ordinary = costPerValue(input(1_000, narrow, false));

  it.each([
    ['500 features', input(400, wide, false)],
    ['names of its own in every row', input(1_000, fresh, false)],
  ])(
    '%s cost no more per value than twice the ordinary',
    (_, analysed) => {
      expect(costPerValue(analysed)).toBeLessThan(2 * ordinary);
    },
    120_000,
  );

  it('leaves out names that no group could be made of', () => {
    expect(codingsOf(rows(1_000, fresh, 1, 0))).toEqual([]);
    expect(codingsOf(rows(1_000, narrow, 1, 0))).toHaveLength(5);
  });

  it('goes to a worker by all of its names, not by those of the first row', () => {
    const mixed: Shape = (row, value) => (row === 0 ? narrow(row, value) : fresh(row, value));
    expect(isSmall(input(100, mixed, false))).toBe(false);
    expect(isSmall(input(100, narrow, false))).toBe(true);
  });

  it('is sent there in small pieces however wide the rows are that follow a narrow one', () => {
    const mixed: Shape = (row, value) => (row === 0 ? narrow(row, value) : wide(row, value));
    const sent = input(200, mixed, false);
    const pieces = [...rowPieces(sent)].flatMap((piece) => (piece.kind === 'end' ? [] : [piece.rows]));
    expect(pieces.flat()).toHaveLength(400);
    const largest = Math.max(
      ...pieces.map((piece) => piece.reduce((sum, { features }) => sum + Object.keys(features ?? {}).length, 0)),
    );
    expect(largest).toBeLessThan(5_000);
  });
});
