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

it('refuses the line of a table on which a quote is opened and never closed, and reads the others', () => {
  const rows = Array.from({ length: 50 }, (_, i) =>
    i === 9 ? '"DE,1,yes' : i === 30 ? '"A ""B""\nC",1,no' : `FR,${i},no`,
  );
  const { observations, rejected, errors } = parseBatch(
    `land,age,prediction\n${rows.join('\n')}\n"",2,yes\n`,
    'text/csv',
    Date.UTC(2026, 10, 28, 12),
  );
  expect([observations.length, rejected]).toEqual([50, 1]);
  expect(errors).toMatchObject([
    { line: 11, reason: 'not_csv', message: expect.stringContaining('never closed') as string },
  ]);
  expect(observations.map(({ features }) => features?.['land'])).toContain('A "B"\nC');
});

it('takes a quote that closes lines below for what it is by what stands behind it', () => {
  const read = (body: string): unknown => {
    const { observations, errors } = parseBatch(body, 'text/csv', Date.UTC(2026, 10, 28, 12));
    return [observations.map(({ features }) => features?.['note']), errors.map(({ line, message }) => [line, message])];
  };
  const open = expect.stringContaining('never closed') as string;
  expect(read('prediction,note\n1,"abc\n2,"def"\n3,"ghi"\n')).toEqual([['def', 'ghi'], [[2, open]]]);
  expect(read('prediction,note\n3,"ghi\n4,x\n5,"y"\n')).toEqual([['x', 'y'], [[2, open]]]);
  const many = expect.stringContaining('4 cells under 2 columns') as string;
  expect(read('prediction,note\n1,"x, y\nz",q,extra\n2,b\n')).toEqual([['b'], [[2, many]]]);
});
