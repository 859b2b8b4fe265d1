import { afterAll, expect, test } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import type { RowPiece } from '../../../exporter/src/rca/row-analysis-worker.js';
import type { RowAnalysis } from '../../../exporter/src/domain/row-analysis.js';
import { analyseRows, isSmall } from '../../../exporter/src/rca/row-analysis.js';
import { rowPieces } from '../../../exporter/src/rca/row-pieces.js';
import { createAnalysisPool } from '../../../exporter/src/system/analysis-pool.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

const WORKER = new URL('../../../exporter/src/rca/row-analysis-worker', import.meta.url);
const pool = createAnalysisPool<RowPiece, RowAnalysis>(WORKER, import.meta.url);
afterAll(() => pool.close());

function traffic(rows: number, seed: number, fall: number): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, (_, atMs): Observation => {
    const plan = random.next() < 0.3 ? 'free' : 'paid';
    return {
      atMs,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: { plan, age: 80 * random.next() },
      prediction: 'yes',
      confidence: 0.8 + 0.1 * random.next() - (plan === 'free' ? fall : 0),
      latencySeconds: null,
      failure: null,
      label: null,
      modelVersion: null,
    };
  });
}
const input = (rows: number): Parameters<typeof analyseRows>[0] => ({
  baselineRows: traffic(rows, 1, 0),
  rows: traffic(rows, 2, 0.3),
  features: [],
  modelChanged: null,
  experiment: null,
  attributions: [],
});

test('a worker thread finds what this thread finds, twice', async () => {
  const told = analyseRows(input(2_000));
  expect(told.segments.map(({ predicate }) => predicate)).toEqual(['plan = free']);
  expect(await pool.run(rowPieces(input(2_000)))).toEqual(told);
  expect(await pool.run(rowPieces(input(2_000)))).toEqual(told);
}, 60_000);

test('rows that were not sent to the end are an error, not an empty result', async () => {
  await expect(pool.run([])).rejects.toThrow('not sent to the end');
}, 60_000);

test('a small window stays on this thread', () => {
  expect(isSmall(input(200))).toBe(true);
  expect(isSmall(input(20_000))).toBe(false);
});

test('of analyses that wait the small one comes first, and none is copied before its turn', async () => {
  const order: string[] = [];
  const task = async (name: string, rows: number, cost: number): Promise<void> => {
    const pieces = function* (): Generator<RowPiece> {
      order.push(`${name} begins`);
      yield* rowPieces(input(rows));
    };
    await pool.run(pieces(), cost);
    order.push(`${name} ends`);
  };
  await Promise.all([task('first', 2_000, 1e5), task('wide', 2_000, 1e6), task('narrow', 50, 1e3)]);
  expect(order.filter((step) => step.endsWith('begins'))).toEqual(['first begins', 'narrow begins', 'wide begins']);
  expect(order.indexOf('wide begins')).toBeGreaterThan(order.indexOf('first ends'));
}, 60_000);
