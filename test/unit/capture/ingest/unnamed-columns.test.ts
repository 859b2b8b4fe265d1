import { expect, it } from 'vitest';
import { BatchReader } from '../../../../exporter/src/capture/ingest/batch-reader.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';

it('tells of a column without a name, as pandas writes its index, and how to leave it out', () => {
  const reader = new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() }));
  const table = ',age,prediction\n0,1,yes\n1,2,no\n';
  const { notes } = reader.read(table, 'text/csv', 1e12, 'm');
  expect(notes).toMatchObject([{ reason: 'name_changed', field: 'column_1' }]);
  expect(notes[0]?.message).toContain('map column_1:ignore');
  const { observations } = reader.read(table, 'text/csv', 1e12, 'm', new Map([['column_1', 'ignore']]));
  expect(observations.map(({ features }) => Object.keys(features ?? {}))).toEqual([['age'], ['age']]);
});
