import { describe, expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import type { MappedRole } from '../../../../exporter/src/domain/field-mapping.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const parse = (body: string, type: string, said: Readonly<Record<string, MappedRole>> = {}): ParsedBatch =>
  parseBatch(body, type, NOW, DEFAULT_INTAKE_LIMITS, { fields: new Map(Object.entries(said)), columns: [] });
const [CSV, JSON_TYPE] = ['text/csv', 'application/json'];
const featuresIn = (batch: ParsedBatch): Record<string, unknown> => ({ ...batch.observations[0]?.features });

describe('what is said of fields', () => {
  const TABLE = 'amt,score,region,decision,truth_2\n12.5,700,eu,deny,grant\n';

  it('gives a column the role its name does not have, and takes one away', () => {
    const batch = parse(TABLE, CSV, { decision: 'prediction', truth_2: 'label', score: 'feature', region: 'feature' });
    expect(batch).toMatchObject({
      rejected: 0,
      observations: [{ prediction: 'deny', label: 'grant', confidence: null }],
    });
    expect(featuresIn(batch)).toEqual({ amt: 12.5, score: 700, region: 'eu' });
  });

  it('is needed: without it the same table is refused by name', () => {
    expect(parse(TABLE, CSV).errors).toMatchObject([{ line: 2, field: 'score', reason: 'bad_confidence' }]);
  });

  it('leaves out what is to be ignored, without a note', () => {
    const batch = parse('a,b,prediction\n1,2,x\n', CSV, { b: 'ignore' });
    expect(featuresIn(batch)).toEqual({ a: 1 });
    expect(batch.notes).toEqual([]);
  });

  it('comes before a name that has the role, whose column is then a feature', () => {
    const batch = parse('prediction,verdict\nx,y\n', CSV, { verdict: 'prediction' });
    expect(batch.observations[0]?.prediction).toBe('y');
    expect(featuresIn(batch)).toEqual({ prediction: 'x' });
  });

  it('lets flat JSON be features by one star, and only what has no role', () => {
    const batch = parse('{"age":3,"income":null,"y_pred":"a","proba_a":0.9}', JSON_TYPE, { '*': 'feature' });
    expect(batch).toMatchObject({ rejected: 0, observations: [{ prediction: 'a', confidence: 0.9 }] });
    expect(featuresIn(batch)).toEqual({ age: 3, income: null });
    expect(parse('{"age":3,"y_pred":"a"}', JSON_TYPE).errors).toMatchObject([
      { field: 'age', reason: 'unknown_field' },
    ]);
  });

  it('adds a named feature to those under features', () => {
    const batch = parse('{"features":{"a":1},"b":2,"prediction":1}', JSON_TYPE, { b: 'feature' });
    expect(featuresIn(batch)).toEqual({ a: 1, b: 2 });
  });

  it('finds a field by its path', () => {
    const body = '{"request":{"row":{"a":1}},"response":{"class":"x","p":[0.8]},"meta":{"rid":7}}';
    const said = { 'request.row': 'features', 'response.class': 'prediction', 'meta.rid': 'prediction_id' } as const;
    const batch = parse(body, JSON_TYPE, said);
    expect(batch).toMatchObject({ rejected: 0, observations: [{ prediction: 'x', predictionId: '7' }] });
    expect(featuresIn(batch)).toEqual({ a: 1 });
  });

  it('prefers a column that is called like a path', () => {
    const batch = parse('{"a.b":"x","a":{"b":"y"},"features":{}}', JSON_TYPE, { 'a.b': 'prediction', a: 'ignore' });
    expect(batch.observations[0]?.prediction).toBe('x');
  });

  it.each(['__proto__', 'constructor', 'toString', 'a.__proto__.b', '..', '.'])('takes %j as a mere name', (name) => {
    const batch = parse(`{"prediction":"x","features":{"a":1}}`, JSON_TYPE, { [name]: 'label' });
    expect(batch).toMatchObject({ rejected: 0, observations: [{ prediction: 'x', label: null }] });
    expect(Object.getPrototypeOf({})).not.toHaveProperty('b');
  });
});

describe('a field that is named and in no row', () => {
  const unmet = (body: string, said: Readonly<Record<string, MappedRole>>, type = CSV): readonly unknown[] =>
    parse(body, type, said).notes.filter(({ reason }) => reason === 'not_met');

  it('is told, once for all rows', () => {
    expect(unmet('id,a,prediction\np,1,x\nq,2,y\n', { idd: 'prediction_id', 'b.c': 'feature' })).toMatchObject([
      { field: 'idd', rows: 1, message: 'map names this field, and no row of the batch has it' },
      { field: 'b.c', rows: 1 },
    ]);
    expect(unmet('{"prediction":"x"}', { 'b.c': 'feature' }, JSON_TYPE)).toHaveLength(1);
  });

  it('is told of labels where a table has no such column, and of what is to be kept out', () => {
    expect(unmet('a,truth,prediction\n1,y,x\n', { truht: 'label' })).toMatchObject([{ field: 'truht' }]);
    expect(unmet('{"prediction":"x","name":"n"}', { nmae: 'ignore', '*': 'ignore' }, JSON_TYPE)).toHaveLength(1);
  });

  it('is not where some row has it, or many are without', () => {
    expect(unmet('[{"prediction":"x"},{"prediction":"x","b":{"c":1}}]', { 'b.c': 'feature' }, JSON_TYPE)).toEqual([]);
    const seldom: Readonly<Record<string, MappedRole>> = { truth: 'label', oops: 'error', '*': 'feature' };
    expect(unmet('{"a":1,"prediction":"x"}', seldom, JSON_TYPE)).toEqual([]);
    expect(unmet('{"prediction_id":"p","label":"x"}', { a: 'feature' }, JSON_TYPE)).toEqual([]);
  });

  it('is not for a logged call, of which it is said what lies in it', () => {
    const call = { request: { rows: [{ a: 1 }] }, response: { predictions: ['x'] } };
    const batch = parse(JSON.stringify(call), JSON_TYPE, { 'request.rows': 'feature', request: 'features' });
    expect(batch.notes.filter(({ reason }) => reason === 'not_met')).toEqual([]);
  });
});

describe('a list in an envelope', () => {
  it.each(['rows', 'records', 'predictions', 'data'])('is read as if it stood alone: %s', (name) => {
    const body = JSON.stringify({ [name]: [{ prediction: 'a' }, { prediction: 'b' }] });
    expect(parse(body, JSON_TYPE).observations.map(({ prediction }) => prediction)).toEqual(['a', 'b']);
  });

  it('is none where it holds something else, or is not alone', () => {
    expect(parse('{"predictions":[1,2]}', JSON_TYPE).observations).toEqual([]);
    expect(parse('{"data":[{"prediction":1}],"id":3}', JSON_TYPE).errors).toMatchObject([{ reason: 'unknown_field' }]);
  });
});

it('reads tabs by the header, whatever the content type says', () => {
  const batch = parse('a\tprediction\n1,5\tx\n', 'text/tab-separated-values');
  expect(featuresIn(batch)).toEqual({ a: '1,5' });
  expect(parse('a\tprediction\n1\tx\n', CSV).observations).toHaveLength(1);
});

it('refuses a table that has a header and nothing else', () => {
  expect(parse('age,prediction\n', CSV)).toMatchObject({
    observations: [],
    rejected: 1,
    errors: [{ line: 1, reason: 'not_csv', message: 'a header and no row below it; send at least one row' }],
  });
});
