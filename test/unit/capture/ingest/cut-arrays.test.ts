import { expect, it } from 'vitest';
import { parseBatch } from '../../../../exporter/src/capture/ingest/parse.js';

it('tells an array that its sender cut off between two rows', () => {
  for (const body of ['[{"prediction":"a"},{"prediction":"b"}', '[{"prediction":"a"},{"prediction":"b"},\n']) {
    const { observations, rejected, notes } = parseBatch(body, 'application/json', 0);
    expect([observations.length, rejected]).toEqual([2, 0]);
    expect(notes).toMatchObject([{ reason: 'not_closed', line: 2, rows: 1 }]);
  }
});

it('refuses what stands behind the end of an array, and tells nothing else of it', () => {
  const { observations, errors, notes } = parseBatch(
    '[{"prediction":"a"}]\n[{"prediction":"b"}]\n',
    'application/json',
    0,
  );
  expect([observations.length, notes]).toEqual([1, []]);
  expect(errors).toMatchObject([{ reason: 'not_json', line: 2 }]);
});

it('tells only the row of an array that was cut off within it, and of one that is closed', () => {
  for (const body of ['[{"prediction":"a"},{"predic', '[{"prediction":"a"},{"predic}]']) {
    const { observations, rejected, notes } = parseBatch(body, 'application/json', 0);
    expect([observations.length, rejected, notes]).toEqual([1, 1, []]);
  }
});
