import { expect, test } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { RowBuffer } from '../../../exporter/src/monitoring/row-buffer.js';
import { observation } from '../detection/rows.js';

const row = (id: string | null, atMs: number, overrides: Partial<Observation> = {}): Observation =>
  observation({ predictionId: id, atMs, ...overrides });
const labelled = (rows: RowBuffer): unknown[] => rows.all.map(({ predictionId, label }) => [predictionId, label]);

test('a label joins its row whenever it comes, as long as the row is kept', () => {
  const rows = new RowBuffer(3);
  for (let i = 0; i < 5; i += 1) rows.push(row(`p${i}`, i));
  rows.trim();
  rows.label([
    { atMs: 9, predictionId: 'p0', label: 'gone' },
    { atMs: 9, predictionId: 'p3', label: 'yes' },
    { atMs: 9, predictionId: 'never', label: 'no' },
  ]);
  expect(labelled(rows)).toEqual([
    ['p2', null],
    ['p3', 'yes'],
    ['p4', null],
  ]);
  rows.push(row('p5', 5));
  rows.trim();
  rows.label([{ atMs: 10, predictionId: 'p5', label: 0 }]);
  expect(labelled(rows)).toEqual([
    ['p3', 'yes'],
    ['p4', null],
    ['p5', 0],
  ]);
});

test('a row keeps the label it has, failures get none, and of equal ids the newest row is meant', () => {
  const rows = new RowBuffer(10);
  const failure = { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } as const;
  rows.push(row('a', 1, { label: 'yes' }));
  rows.push(row('b', 2, { failure, prediction: null }));
  rows.push(row('c', 3));
  rows.push(row('c', 4));
  rows.label(['a', 'b', 'c', 'c'].map((predictionId) => ({ atMs: 9, predictionId, label: 'no' })));
  expect(rows.all.map(({ label }) => label)).toEqual(['yes', null, null, 'no']);
  expect(rows.since(3)).toHaveLength(2);
  rows.clear();
  rows.push(row('c', 5));
  rows.label([{ atMs: 9, predictionId: 'c', label: 'yes' }]);
  expect(labelled(rows)).toEqual([['c', 'yes']]);
});

test('an id that comes again after its first row has left is not forgotten with it', () => {
  const rows = new RowBuffer(1);
  rows.push(row('a', 1));
  rows.push(row('a', 2));
  rows.trim();
  rows.label([{ atMs: 3, predictionId: 'a', label: 'yes' }]);
  expect(labelled(rows)).toEqual([['a', 'yes']]);
});

test('wide rows are kept as long as they hold no more than a hundred values for each row that may be kept', () => {
  const rows = new RowBuffer(100);
  const wide = Object.fromEntries(Array.from({ length: 480 }, (_, k) => [`f${k}`, k]));
  for (let i = 0; i < 100; i += 1) rows.push(row(`p${i}`, i, { features: wide }));
  rows.trim();
  expect(rows.all.map(({ predictionId }) => predictionId)).toEqual(Array.from({ length: 20 }, (_, i) => `p${80 + i}`));
  for (let i = 0; i < 100; i += 1) rows.push(row(`q${i}`, 100 + i, { features: { age: 1 } }));
  rows.trim();
  expect(rows.all).toHaveLength(100);
  rows.label([{ atMs: 300, predictionId: 'q7', label: 'yes' }]);
  expect(rows.all.find(({ predictionId }) => predictionId === 'q7')?.label).toBe('yes');
});
