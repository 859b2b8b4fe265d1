import { expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';

const parse = (body: string): ParsedBatch => parseBatch(body, 'application/x-ndjson', Date.UTC(2026, 10, 28, 12));

it('notes nothing on a row that it refuses', () => {
  const good = { prediction: null, prediction_id: 'p', features: { a: 1 } };
  const rows = (bad: object): string => [good, { ...good, ...bad }, good].map((row) => JSON.stringify(row)).join('\n');
  const notes = (bad: object): unknown => parse(rows(bad)).notes.map(({ reason, rows, line }) => [reason, rows, line]);
  expect(notes({})).toEqual([['no_answer', 3, 1]]);
  expect(notes({ timestamp: '30.11.2026 09:00' })).toEqual([['no_answer', 2, 1]]);
});

it('says of a batch most of which was not read what the rows were refused for that were', () => {
  const rows = Array.from({ length: 3_000 }, () => '{"prediction":"x","confidence":7}').join('\n');
  const { rejectedByReason, newest } = parse(rows);
  expect(rejectedByReason.too_many_refused).toBeGreaterThan(1_000);
  expect(newest).toMatchObject({ taken: 0, byReason: { bad_confidence: 100 } });
});
