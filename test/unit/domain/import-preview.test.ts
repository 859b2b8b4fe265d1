import { expect, it } from 'vitest';
import { BatchReader } from '../../../exporter/src/capture/ingest/batch-reader.js';
import { previewOf } from '../../../exporter/src/capture/sources/files/preview.js';
import { WAYS } from '../../../exporter/src/cli/import-plan.js';
import { slipText, whyNotImportable, type ImportPreview } from '../../../exporter/src/domain/import-preview.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../exporter/src/domain/ingest.js';

const batches = new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() }));
const previewed = (file: string, body: string, contentType: string): ImportPreview =>
  previewOf({ file, body, contentType, rows: 1, unit: 'line', share: 1 }, batches, 'm', new Map(), 1.7e12);

it('reads flat rows of JSON as a table, and those that hold their inputs as what they are', () => {
  const flat = previewed('a.ndjson', '{"income":5,"y_pred":"yes"}\n', 'application/x-ndjson');
  expect(flat).toMatchObject({ rows: 1, refused: 0 });
  expect(flat.columns.map(({ name, role }) => [name, role])).toEqual([
    ['income', 'feature'],
    ['y_pred', 'prediction'],
  ]);
  const list = previewed('a.json', '[{"income":5,"y_pred":"yes"},{"income":6,"y_pred":"no"}]', 'application/json');
  expect(list).toMatchObject({ rows: 2, refused: 0 });
  const nested = '{"features":{"income":5},"incom":5,"y_pred":"yes"}\n';
  expect(previewed('a.ndjson', nested, 'application/x-ndjson')).toMatchObject({ rows: 0, refused: 1 });
});

it('says of a field beside the inputs how it is imported, as it is written in a shell', () => {
  const nested = '{"income":5,"y_pred":"yes","features":{"age":4}}\n';
  const previews = [previewed('a.ndjson', nested, 'application/x-ndjson')];
  expect(whyNotImportable('baseline', true, previews, WAYS)).toMatch(
    /^no row can be taken\. Line 1: income unknown field;.*of flat rows say --map '\*:feature'$/,
  );
});

it('names the file of which rows have no time', () => {
  const dated = previewed('a.csv', 'timestamp,x,y_pred\n2020-01-01,1,yes\n', 'text/csv');
  const undated = previewed('b.csv', 'x,y_pred\n1,yes\n', 'text/csv');
  expect(whyNotImportable('history', false, [dated, undated], WAYS)).toMatch(/^b\.csv: rows have no time: say --map/);
  expect(whyNotImportable('history', false, [undated], WAYS)).toMatch(/^rows have no time/);
});

it('names a field once', () => {
  const [slip] = previewed('a.csv', 'x,y_pred,confidence\n1,yes,7\n', 'text/csv').errors;
  expect(slip && slipText(slip)).toMatch(/^confidence must be/);
});

it('tells of labels that are of another kind than the answers, and of no others', () => {
  const table = (prediction: string, label: string): ImportPreview =>
    previewed('a.csv', `x,y_pred,label\n${`1,${prediction},${label}\n`.repeat(30)}`, 'text/csv');
  expect(table('yes', '3').notes).toMatchObject([{ reason: 'labels_unlike', field: 'label', rows: 30 }]);
  for (const [prediction, label] of [
    ['yes', '1'],
    ['yes', 'no'],
    ['1', '0'],
    ['2.5', '3.1'],
  ] as const)
    expect(table(prediction, label).notes).toEqual([]);
});
