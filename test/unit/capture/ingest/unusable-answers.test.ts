import { describe, expect, it } from 'vitest';
import type { ExpectedRows } from '../../../../exporter/src/capture/ingest/event.js';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { namedModels } from '../../../../exporter/src/capture/ingest/named-models.js';
import { NO_MAPPING } from '../../../../exporter/src/domain/field-mapping.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const parse = (body: string, type = 'application/x-ndjson', expected: ExpectedRows = 'observations'): ParsedBatch =>
  parseBatch(body, type, NOW, DEFAULT_INTAKE_LIMITS, NO_MAPPING, expected);
const failures = ({ observations }: ParsedBatch): unknown[] =>
  observations.map(({ failure, prediction }) => [failure?.reason ?? null, prediction]);

describe('an answer that cannot be used', () => {
  it.each(['NaN', 'Infinity', '-Infinity', '"nan"', '"NaN"', '" inf "', '[NaN]', 'null', '""', '"  "'])(
    'is a call without one as JSON %s',
    (prediction) => {
      const batch = parse(`{"prediction":${prediction},"features":{"x":1}}`);
      expect(failures(batch)).toEqual([['no_answer', null]]);
      expect(batch.rejected).toBe(0);
      expect(batch.notes).toMatchObject([{ field: 'prediction', rows: 1 }]);
    },
  );

  it.each(['nan', 'NaN', '', 'null', 'inf', '-Infinity'])('is a call without one as CSV %s', (cell) => {
    expect(failures(parse(`x,prediction\n1,${cell}\n2,3.5\n`, 'text/csv'))).toEqual([
      ['no_answer', null],
      [null, 3.5],
    ]);
  });

  it('is one with a confidence too where it is NaN; an empty one beside a confidence is a log of confidences', () => {
    expect(failures(parse('{"prediction":NaN,"confidence":0.9}'))).toEqual([['no_answer', null]]);
    const batch = parse('{"prediction":null,"confidence":0.9}');
    expect(failures(batch)).toEqual([[null, null]]);
    expect(batch.notes).toMatchObject([{ reason: 'prediction_missing' }]);
  });

  it('is no call where the row says nothing of one', () => {
    expect(parse('{"prediction":null}').rejectedByReason).toEqual({ no_prediction: 1 });
    expect(parse('{"features":{"x":1}}').rejectedByReason).toEqual({ no_prediction: 1 });
    expect(parse('x,prediction\n,\n', 'text/csv').rejectedByReason).toEqual({ no_prediction: 1 });
  });
});

describe('notes about NaN', () => {
  it('names the field of each NaN, and how many rows have it', () => {
    const rows = ['"prediction":NaN,"confidence":0.5', '"prediction":"a","confidence":NaN', '"prediction":NaN'];
    const batch = parse(rows.map((row) => `{${row},"timestamp":NaN,"features":{"a":NaN}}`).join('\n'));
    expect(batch.notes.map(({ field, rows: count, reason }) => [field, count, reason])).toEqual([
      ['prediction', 2, 'not_a_number'],
      ['timestamp', 3, 'not_a_number'],
      ['a', 3, 'not_a_number'],
      ['confidence', 1, 'not_a_number'],
    ]);
  });
});

describe('a label', () => {
  it('of empty text is none', () => {
    const batch = parse(
      '{"prediction":"a","label":""}\n{"prediction":"a","label":" "}\n{"prediction":1,"label":"nan"}',
    );
    expect(batch.observations.map(({ label }) => label)).toEqual([null, null, null]);
    expect(batch.notes).toMatchObject([{ reason: 'not_a_number', field: 'label', rows: 1 }]);
  });

  it.each<readonly [string, ExpectedRows]>(
    (['observations', 'labels'] as const).flatMap((expected) =>
      ['"prediction":null', '"prediction":NaN', '"prediction":""', '"features":null', '"features":{"a":null}'].map(
        (beside) => [beside, expected] as const,
      ),
    ),
  )('is taken beside %s among %s', (beside, expected) => {
    const batch = parse(`{"prediction_id":"p","label":"yes",${beside}}`, 'application/json', expected);
    expect(batch).toMatchObject({ labels: [{ predictionId: 'p', label: 'yes' }], observations: [], rejected: 0 });
  });

  it('in a table of empty inputs is taken', () => {
    const batch = parse('prediction_id,age,prediction,label\np,,,yes\nq,3,no,no\n', 'text/csv');
    expect([batch.labels.length, batch.observations.length, batch.rejected]).toEqual([1, 1, 0]);
  });

  it.each<ExpectedRows>(['observations', 'labels'])(
    'with inputs and without a prediction is refused for that among %s',
    (expected) => {
      const row = '{"prediction_id":"p","label":"yes","features":{"a":1}}';
      expect(parse(row, 'application/json', expected).errors).toMatchObject([
        {
          reason: 'no_prediction',
          message:
            'the row has an id, a label and features, and no prediction: send the prediction too, or the label with its prediction_id alone',
        },
      ]);
    },
  );
});

describe('the model a body names', () => {
  const named = (body: string): readonly unknown[] => namedModels(body, DEFAULT_INTAKE_LIMITS);
  it('is read as its rows are', () => {
    expect(named('{"model_id":"churn","features":{"x":NaN}}')).toEqual(['churn']);
    expect(named('[{"model_id":"a","x":Infinity},{"model_id":"a"}]')).toEqual(['a']);
    expect(named('{"model_id":"a"}\n{"model_id":"b"}')).toEqual(['a', 'b']);
    expect(named('{"columns":["model_id","x"],"data":[["a",1]]}')).toEqual(['a']);
    expect(named('[{"prediction":1},{"model_id":null}]')).toEqual([null]);
    expect(named('{"model_id":NaN}')).toEqual([NaN]);
  });
});
