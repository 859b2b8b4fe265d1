import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { DEFAULT_INTAKE_LIMITS, type IntakeLimits } from '../../../../exporter/src/domain/ingest.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';
const parse = (body: string, type = NDJSON, limits?: IntakeLimits): ParsedBatch => parseBatch(body, type, NOW, limits);
const one = (fields: object): ParsedBatch => parse(JSON.stringify({ prediction: 'a', ...fields }), JSON_TYPE);
const features = (value: object): ReturnType<typeof featuresIn> => featuresIn(one({ features: value }));
const featuresIn = (batch: ParsedBatch): Record<string, unknown> => ({ ...batch.observations[0]?.features });
const reasons = ({ rejectedByReason }: ParsedBatch): object => ({ ...rejectedByReason });
const NO_ERROR_TEXTS = [
  '',
  ' ',
  'None',
  'null',
  'none',
  'nan',
  'False',
  'false',
  '0',
  'ok',
  'OK',
  '200',
  'no',
  'success',
];
const noted = ({ notes }: ParsedBatch): string[] => notes.map(({ reason }) => reason);

describe('rows as they are really sent', () => {
  it('keeps a row with the NaN of Python’s json: the value is missing (field case 01)', () => {
    const batch = parse('{"features": {"amount": 1.5, "income": NaN}, "prediction": "yes", "confidence": 0.9}\n');
    expect(featuresIn(batch)).toEqual({ amount: 1.5, income: null });
    expect(batch).toMatchObject({
      rejected: 0,
      notes: [{ reason: 'not_a_number', field: 'income', rows: 1, line: 1 }],
    });
  });

  it.each<readonly [string, unknown]>([
    ['NaN', null],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['1e400', Infinity],
    ['-0', 0],
    ['12345678901234567890', 12345678901234567000],
    ['"NaN"', 'NaN'],
    ['"a NaN, Infinity: 1234567890123456789"', 'a NaN, Infinity: 1234567890123456789'],
    ['"\\"NaN"', '"NaN'],
    ['"\\\\"', '\\'],
    ['0.1234567890123456789', 0.12345678901234568],
  ])('reads %s in a row with NaN beside it', (text, value) => {
    const batch = parse(`[{"prediction":"a","features":{"n":NaN,"x":${text}}},{"prediction":"b"}]`, JSON_TYPE);
    expect(batch.observations).toHaveLength(2);
    expect(Object.is(featuresIn(batch).x, value)).toBe(true);
  });

  it('says that a body is gzip where its header does not', () => {
    const body = gzipSync('{"prediction":"a"}\n'.repeat(50)).toString('utf8');
    for (const type of [NDJSON, JSON_TYPE, 'text/csv'])
      expect(parse(body, type).errors).toMatchObject([
        { reason: 'not_json', message: 'the body is gzip: send it with the header Content-Encoding: gzip' },
      ]);
  });

  it('skips a byte order mark (field case 34)', () => {
    expect(parse('\uFEFF{"prediction":"yes"}\n{"prediction":"no"}').observations).toHaveLength(2);
    expect(parse('\uFEFF[{"prediction":"yes"}]', JSON_TYPE).observations).toHaveLength(1);
    expect(parse('\uFEFFprediction,x\r\nyes,1\r\n', 'text/csv').observations).toHaveLength(1);
  });

  it.each([
    ['{"prediction":"a"}\nnot json\n{"prediction":"b"}', NDJSON, 2],
    ['[{"prediction":"a"},{"prediction":b},{"prediction":"c"}]', JSON_TYPE, 2],
    ['[{"prediction":"a"},{"prediction":"b},\n{"prediction":"c"}]', JSON_TYPE, 2],
    ['[{"prediction":"a"},{"features":{"x":[1,2}},{"prediction":"c"}]', JSON_TYPE, 2],
    ['[{"prediction":"a"},{"features":{"x":1]}},{"prediction":"c"}]', JSON_TYPE, 2],
    ['[{"prediction":"a"},{"prediction":"b"},{"predic', JSON_TYPE, 2],
    ['[{"prediction":"a"},17,null,{"prediction":"b"},"x"]', JSON_TYPE, 2],
    ['{"prediction":"a"}\n[1]\n{"prediction":"b"}', NDJSON, 2],
    ['{"prediction":"a"}\n{"prediction":"b"}', JSON_TYPE, 2],
    ['[{"prediction":"a"},{"prediction":"b","confidence":7}]', 'text/plain', 1],
    ['{"prediction":"a","confidence":"high"}\n{"prediction":"a"}', NDJSON, 1],
    ['{"prediction":"a"}\n{"prediction":"a","timestamp":"soon"}', NDJSON, 1],
  ])('one bad entry does not spoil its neighbours: %s', (body, type, taken) => {
    const batch = parse(body, type);
    expect(batch.observations).toHaveLength(taken);
    if (body !== '{"prediction":"a"}\n{"prediction":"b"}') expect(batch.rejected).toBeGreaterThan(0);
  });

  it('reads one object over several lines, whatever it is called', () => {
    expect(parse('{\n "prediction": "a",\n "confidence": 0.5\n}').observations).toHaveLength(1);
  });

  it('says why a body is not JSON', () => {
    const messages = ["{'prediction': 'a'}", '{"prediction": True}', '<html>', '{\u0000"\u0000p\u0000'].map(
      (body) => parse(body, JSON_TYPE).errors[0]?.message,
    );
    expect(messages[0]).toMatch(/Python’s repr/);
    expect(messages[1]).toMatch(/Python’s repr/);
    expect(messages[2]).toMatch(/one object per line/);
    expect(messages[3]).toMatch(/UTF-16/);
  });

  it('names each slip once, with the first row that has it and how many have it, and 100 slips at most', () => {
    const slip = '{"predicton":"yes"}';
    const batch = parse(['{"prediction":"yes"}', slip, slip, '{"confidense":0.5}', slip].join('\n'));
    expect(batch.errors.map(({ line, rows, field }) => [line, rows, field])).toEqual([
      [2, 3, 'predicton'],
      [4, 1, 'confidense'],
    ]);
    const many = parse(Array.from({ length: 250 }, (_, i) => `{"field${i}":1}`).join('\n'));
    expect(many).toMatchObject({ rejected: 250, rejectedByReason: { unknown_field: 250 } });
    expect(many.errors).toHaveLength(100);
  });

  it('names a field only, never a value', () => {
    const rows = Array.from({ length: 250 }, () => '{"prediction":{"secret":"x"},"confidence":"my-secret"}').join('\n');
    const batch = parse(rows);
    expect(batch).toMatchObject({ rejected: 250, rejectedByReason: { bad_confidence: 250 } });
    expect(batch.errors).toMatchObject([{ line: 1, rows: 250 }]);
    expect(JSON.stringify(batch)).not.toContain('secret');
    expect(parse(`{"${'x'.repeat(5_000)}":1}`).errors[0]?.field).toHaveLength(80);
  });

  it('stops reading a body of nothing but slips, counts what it did not read, and keeps what it did', () => {
    const good = '{"prediction":"a"}\n'.repeat(10);
    for (const bad of ['x\n', '{"prediction":{}}\n', '{"p":1}\n']) {
      const batch = parse(good + bad.repeat(5_000) + good);
      expect(batch.observations).toHaveLength(10);
      expect(batch.rejected).toBe(5_010);
      expect(batch.rejectedByReason.too_many_refused).toBeGreaterThan(3_000);
    }
    const wrong = `{"prediction":"a","confidence":7,"features":{"amount":12.5,"age":30}}\n`.repeat(5_000);
    expect(reasons(parse(wrong))).toEqual({ bad_confidence: 5_000 });
  });

  it('tells a name that stands twice; the last one counts', () => {
    for (const [body, type] of [
      ['{"prediction":"a","prediction":"b"}', NDJSON],
      ['[{"prediction":"x"},{"prediction":"a","features":{"x":1,"\\u0078":2},"confidence":1}]', JSON_TYPE],
    ] as const) {
      expect(noted(parse(body, type))).toEqual(['duplicate_name']);
    }
    expect(parse('{"prediction":":a","label":": b","features":{":c":1}}').notes).toEqual([]);
  });
});

describe('the fields of a row', () => {
  it.each([
    [1.0000001, 1],
    [-1e-9, 0],
    [0, 0],
    [1, 1],
    ['0.93', 0.93],
    [' 1e-3 ', 0.001],
    [null, null],
    ['', null],
    ['nan', null],
    [0.99999999, 0.99999999],
  ])('takes a confidence of %s', (confidence, value) =>
    expect(one({ confidence }).observations[0]?.confidence).toBe(value),
  );

  it.each([1.001, -0.01, 87, 100, 101, 'high', true, [], {}].filter((value) => JSON.stringify(value) !== '{}'))(
    'refuses a confidence of %s',
    (confidence) => expect(reasons(one({ confidence }))).toEqual({ bad_confidence: 1 }),
  );
  it('says of 87 that it looks like a percentage', () =>
    expect(one({ confidence: 87 }).errors[0]?.message).toMatch(/divide by 100/));

  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-12345678901234567890', '-12345678901234567890'],
    ['"9007199254740993"', '9007199254740993'],
    ['123', '123'],
    ['123.0', '123'],
    ['"123.0"', '123'],
    ['"a b"', 'a b'],
    ['"モデル"', 'モデル'],
    ['"😀"', '😀'],
    ['null', null],
  ])('keeps the id %s as %s', (id, kept) =>
    expect(parse(`{"prediction":"a","request_id":${id}}`).observations[0]?.predictionId).toBe(kept),
  );
  it.each([
    ['1.5', 'bad_id'],
    ['1e30', 'imprecise_id'],
    ['""', 'bad_id'],
    ['"a\\u0000b"', 'bad_id'],
    ['"\\ud800"', 'bad_id'],
    ['"\\udc00x"', 'bad_id'],
    ['true', 'bad_id'],
    ['{"a":1}', 'bad_id'],
    ['[1]', 'bad_id'],
    [JSON.stringify('x'.repeat(201)), 'bad_id'],
  ])('refuses the id %s', (id, reason) => {
    const batch = parse(`{"prediction":"a","prediction_id":${id}}\n{"prediction":"b"}`);
    expect(reasons(batch)).toEqual({ [reason]: 1 });
    expect(batch.errors[0]).toMatchObject({ line: 1, field: 'prediction_id', reason });
    expect(batch.observations).toHaveLength(1);
  });

  it('never invents a cause for an error', () => {
    for (const error of ['CUDA out of memory', true, { code: 7 }, 7, 'E_UNKNOWN'])
      expect(one({ error }).observations[0]?.failure?.reason).toBe('other');
    expect(one({ error: 'timeout' }).observations[0]?.failure?.reason).toBe('timeout');
  });
  it.each(['null', 'false', '0', '200', 'NaN', '[]', '{}', ...NO_ERROR_TEXTS.map((text) => `"${text}"`)])(
    'takes an error of %s for none',
    (error) => expect(parse(`{"prediction":"a","error":${error}}`).observations[0]?.failure).toBeNull(),
  );
  it.each(['False', 'false', 'ok', '200', '', 'None', 'nan', 'NA', '0', '0.0'])(
    'takes %s in CSV for no error',
    (error) => expect(parse(`prediction,error,a\nx,${error},1\n`, 'text/csv').observations[0]?.failure).toBeNull(),
  );
  it('says that a prediction beside an error is not counted', () => {
    expect(one({ error: 'timeout' }).notes).toMatchObject([{ reason: 'field_left_out', field: 'prediction', rows: 1 }]);
    expect(one({ error: 'timeout', prediction: null }).notes).toEqual([]);
  });

  it.each([
    ['"a\\u0000"', 'bad_prediction'],
    ['{"a":"b"}', 'bad_confidence'],
    ['[1,2]', 'bad_prediction'],
    ['"\\ud83d"', 'bad_prediction'],
  ])('refuses the prediction %s', (prediction, reason) =>
    expect(reasons(parse(`{"prediction":${prediction}}`))).toEqual({ [reason]: 1 }),
  );
  it('takes a long answer cut at 200 characters, never in the middle of one', () => {
    const batch = one({ prediction: `${'x'.repeat(199)}😀` });
    expect(batch.observations[0]?.prediction).toBe('x'.repeat(199));
  });
  it('keeps all digits of a class code', () =>
    expect(parse('{"prediction":12345678901234567891}').observations[0]?.prediction).toBe('12345678901234567891'));

  it('reads the names of other logs', () => {
    const batch = parse(
      '{"request_id":"r","event_time":"2026-11-28T00:00:00","y_pred":"cat","score":0.8,"y_true":"dog","execution_time_ms":12,"Model Version":3,"input_features":{"x":1}}',
    );
    expect(batch.errors).toEqual([]);
    expect(batch.observations).toMatchObject([
      {
        predictionId: 'r',
        atMs: Date.UTC(2026, 10, 28),
        prediction: 'cat',
        confidence: 0.8,
        label: 'dog',
        latencySeconds: 0.012,
        modelVersion: '3',
        features: { x: 1 },
      },
    ]);
  });
  it.each([
    [{ prediction: 0, probability: 0.1 }, 0, 0.9],
    [{ prediction: 'yes', probability: 0.7 }, 'yes', 0.7],
    [{ y_pred_proba: 0.2 }, false, 0.8],
    [{ prediction: 'cat', probability: 0.6 }, 'cat', 0.6],
    [{ proba_cat: 0.3, proba_dog: 0.7 }, 'dog', 0.7],
    [{ prediction: 'cat', proba_cat: 0.3, proba_dog: 0.7 }, 'cat', 0.3],
    [{ prediction: { cat: 0.9, dog: 0.1 } }, 'cat', 0.9],
    [{ prediction: 1, y_pred_proba: { 0: 0.4, 1: 0.6 } }, 1, 0.6],
  ])('reads %j', (row, prediction, confidence) => {
    const [observation] = parse(JSON.stringify(row)).observations;
    expect(observation?.prediction).toBe(prediction);
    expect(observation?.confidence).toBeCloseTo(confidence, 12);
  });

  it('names an unknown field, and one that is not watched', () => {
    expect(reasons(one({ confidense: 1 }))).toEqual({ unknown_field: 1 });
    expect(noted(one({ user_id: 7, y_true: 'a', label: 'a' }))).toEqual(['field_left_out', 'field_left_out'].slice(1));
  });

  it('keeps context apart from the features', () => {
    const [row] = one({ context: { region: 'eu', vip: true }, group: 7, features: { x: 1 } }).observations;
    expect(row?.context).toEqual({ region: 'eu', vip: 'true', group: '7' });
    expect({ ...row?.features }).toEqual({ x: 1 });
    expect(reasons(one({ context: 'eu' }))).toEqual({ bad_context: 1 });
    expect(one({}).observations[0]?.context).toBeUndefined();
  });

  it('tells a label from a prediction', () => {
    expect(one({ prediction: undefined, prediction_id: 'p', ground_truth: 1 }).labels).toMatchObject([
      { predictionId: 'p', label: 1 },
    ]);
    expect(reasons(one({ prediction: undefined, label: 1 }))).toEqual({ no_prediction: 1 });
  });
});

describe('features', () => {
  it('under names that collide or look special are all kept (field case 09)', () => {
    expect(features(JSON.parse('{"a.b":5,"a":{"b":1000},"__proto__":6,"constructor":7,"":8}') as object)).toEqual(
      JSON.parse('{"a\\\\.b":5,"a.b":1000,"__proto__":6,"constructor":7,"(empty)":8}'),
    );
  });
  it.each<readonly [object, Record<string, unknown>]>([
    [
      { a: { b: 1 }, 'a.b': 2 },
      { 'a.b': 1, 'a\\.b': 2 },
    ],
    [{ 'a.b': 2 }, { 'a.b': 2 }],
    [
      { a: { 'b.c': 1 }, 'a.b': { c: 2 } },
      { 'a.b\\.c': 1, 'a\\.b.c': 2 },
    ],
    [
      { a: { 'b.c': 1, b: { c: 3 } }, 'a.b': { c: 2 } },
      { 'a.b\\.c': 1, 'a\\.b.c': 2, 'a.b.c': 3 },
    ],
    [
      { toString: 1, hasOwnProperty: 2 },
      { toString: 1, hasOwnProperty: 2 },
    ],
    [{ x: [1, 2] }, { 'x.0': 1, 'x.1': 2 }],
    [
      { x: [1, 2], 'x.0': 9 },
      { 'x.0': 1, 'x.1': 2, 'x\\.0': 9 },
    ],
    [
      { 'a b': 1, 'ä"\n': true, 'x\u001b': 1, 'x\u0007': 2 },
      { 'a b': 1, 'ä"\\u000a': true, 'x\\u001b': 1, 'x\\u0007': 2 },
    ],
    [
      { '(empty)': 1, '': 2 },
      { '(empty)': 1, '(empty)#2': 2 },
    ],
    [
      { 'x\u0000': 1, 'x\ud800': 2, 'x\ufffd': 3 },
      { 'x\ufffd': 1, 'x\ufffd#2': 2, 'x\ufffd#3': 3 },
    ],
  ])('%j', (given, flat) => expect(features(given)).toEqual(flat));

  it('an unsent feature is undefined, whatever it is called', () =>
    expect(one({ features: { x: 1 } }).observations[0]?.features?.constructor).toBeUndefined());

  it('tells of control characters in a name, and keeps it short', () => {
    expect(noted(one({ features: { 'x\u001b[2J': 1 } }))).toEqual(['name_changed']);
    const [long = ''] = Object.keys(features({ ['\n'.repeat(90)]: 1 }));
    expect(long).toHaveLength(100);
    expect(long).toMatch(/^\\u000a/);
  });

  it('keeps two long names two', () => {
    const [a, b] = ['x'.repeat(300) + 'a', 'x'.repeat(300) + 'b'];
    const flat = features({ [a]: 1, [b]: 2 });
    expect(Object.values(flat)).toEqual([1, 2]);
    expect(Object.keys(flat).every((name) => name.length === 100)).toBe(true);
  });

  it('lets 768 numbers before a scalar lose nothing: a vector is one feature (field case 08)', () => {
    const embedding = Array.from({ length: 768 }, (_, i) => (i % 2 === 0 ? 3 : -1));
    expect(features({ embedding, amount: 12 })).toEqual({
      amount: 12,
      'embedding.length': 768,
      'embedding.missing_share': 0,
      'embedding.norm': Math.sqrt(384 * 10),
      'embedding.mean': expect.closeTo(1, 12) as number,
      'embedding.standard_deviation': 2,
      'embedding.minimum': -1,
      'embedding.maximum': 3,
    });
    expect(features({ v: new Array<null>(20).fill(null) })).toMatchObject({
      'v.length': 20,
      'v.missing_share': 1,
      'v.norm': null,
    });
  });

  it('tells what is cut off', () => {
    const tags = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const batch = one({ features: { tags, x: 1 } });
    expect(featuresIn(batch)).toMatchObject({ x: 1, 'tags.15': 't15', 'tags.length': 40 });
    expect(noted(batch)).toEqual(['array_cut']);
    const wide = one({ features: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, null])) });
    expect(Object.keys(featuresIn(wide))).toHaveLength(500);
    expect(noted(wide)).toEqual(['features_cut']);
  });

  it('replaces what cannot be stored in a value', () => {
    expect(features({ city: 'a\u0000b\ud800' })).toEqual({ city: 'a\ufffdb\ufffd' });
    expect(noted(one({ features: { city: 'a\u0000' } }))).toEqual(['text_changed']);
  });

  it('tells of texts that are no UTF-8, once a row and with the first field', () => {
    const latin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
    const { notes } = parse(latin1('{"prediction":1,"features":{"city":"Li\xe8ge"}}\n{"prediction":"\xe9"}\n'));
    expect(notes).toMatchObject([{ reason: 'not_utf8', rows: 2, line: 1, field: 'features' }]);
    expect(noted(one({ features: { city: 'Liège' } }))).toEqual([]);
    expect(noted(parse(latin1('city,prediction\nLi\xe8ge,1\nGent,1\n'), 'text/csv'))).toEqual(['not_utf8']);
  });

  it('keeps every limit, and says which', () => {
    const limits: IntakeLimits = {
      rowsPerBatch: 3,
      featuresPerEvent: 2,
      featureNameLength: 20,
      nestingDepth: 3,
      arrayLength: 20,
      categoriesPerFeature: 2,
      featuresPerModel: 2,
    };
    const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
    const row = (value: object): string => JSON.stringify({ prediction: 'a', features: value });
    expect(reasons(parse(row(nested(3)), NDJSON, limits))).toEqual({ nested_too_deep: 1 });
    expect(reasons(parse(row(nested(2)), NDJSON, limits))).toEqual({});
    expect(reasons(parse(row({ x: new Array(21).fill(0) }), NDJSON, limits))).toEqual({ array_too_long: 1 });
    for (const [body, type] of [
      ['{"prediction":1}\n'.repeat(4), NDJSON],
      [`[${Array(4).fill('{"prediction":1}').join()}]`, JSON_TYPE],
      ['prediction\n1\n2\n3\n4\n', 'text/csv'],
    ] as const) {
      const batch = parse(body, type, limits);
      expect(batch.observations).toEqual([]);
      expect(batch.errors).toMatchObject([
        { reason: 'too_many_rows', message: expect.stringContaining('at most 3') as string },
      ]);
    }
    expect(parse(`{"prediction":1,"features":${'['.repeat(3_000)}${']'.repeat(3_000)}}`)).toMatchObject({
      rejected: 1,
    });
    expect(reasons(parse(`{"prediction":1,"features":{"x":${'['.repeat(3_000)}${']'.repeat(3_000)}}}`))).toEqual({
      nested_too_deep: 1,
    });
  });
});

describe('a table', () => {
  it('is read by the names of its columns', () => {
    const batch = parse(
      'request_id;timestamp;age;job;y_pred;proba;target\r\n1;2026-11-28 00:00:00;39;"a; ""b""\nc";1;0.8;yes\r\n2;;NaN;NA;0;0.1;\r\n',
      'text/csv; charset=utf-8',
    );
    expect(batch.errors).toEqual([]);
    expect(batch.observations).toMatchObject([
      { predictionId: '1', prediction: 1, confidence: 0.8, label: 'yes', features: { age: 39, job: 'a; "b"\nc' } },
      { predictionId: '2', prediction: 0, confidence: 0.9, label: null, atMs: NOW, features: { age: null, job: null } },
    ]);
  });
  it.each([
    ['prediction,zip\na,02139\n', { zip: '02139' }],
    ['prediction,x\na,1e5\n', { x: 1e5 }],
    ['prediction,x\na,"1,5"\n', { x: '1,5' }],
    ['prediction,x\na,12345678901234567890\n', { x: '12345678901234567890' }],
    ['prediction\tx\na\t1\n', { x: 1 }],
    ['prediction,x,x\na,1,2\n', { x: 1, 'x.1': 2 }],
    ['prediction,,b\na,1,2\n', { column_2: 1, b: 2 }],
    ['prediction,x\na,\n', { x: null }],
    ['prediction,__proto__\na,3\n', JSON.parse('{"__proto__":3}') as object],
    ['prediction,x\na,-0.50', { x: -0.5 }],
  ])('%j', (body, flat) => expect(featuresIn(parse(body, 'text/csv'))).toEqual(flat));
  it('names the line of a record that does not fit', () => {
    const batch = parse('prediction,x\n"a\nb",1\nc\nd,2\ne,"3', 'text/csv');
    expect(batch.observations.map(({ prediction }) => prediction)).toEqual(['a\nb', 'd']);
    expect(batch.errors.map(({ line }) => line)).toEqual([4, 6]);
  });
  it('may be a data frame in JSON', () => {
    const batch = parse('{"columns":["prediction","x"],"data":[["a",1],["b",NaN],["c"]]}', JSON_TYPE);
    expect(batch.observations).toHaveLength(2);
    expect(reasons(batch)).toEqual({ not_an_object: 1 });
  });
});

describe('any batch', () => {
  const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(NaN, Infinity, -Infinity));
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const row = fc.record(
    {
      prediction: fc.oneof(fc.constantFrom('a', 'b'), fc.integer(), fc.boolean()),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      prediction_id: fc.stringMatching(/^[a-z0-9 ":{},]{1,20}$/),
      label: fc.constantFrom('a', 'b', 1, true),
      features: fc.dictionary(
        text,
        fc.oneof(number, text, fc.boolean(), fc.constant(null), fc.array(number, { maxLength: 20 })),
      ),
    },
    { requiredKeys: ['prediction'] },
  );
  /** As Python's json.dumps writes it. */
  const python = (value: unknown): string => {
    if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : Object.is(value, -0) ? '-0.0' : String(value);
    if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
    if (typeof value === 'object' && value !== null)
      return `{${Object.entries(value)
        .map(([name, item]) => `${JSON.stringify(name)}: ${python(item)}`)
        .join(', ')}}`;
    return JSON.stringify(value);
  };
  const reversed = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, item]) => [name, reversed(item)]),
        )
      : value;
  const events = (...batches: ParsedBatch[]): unknown[] =>
    batches.flatMap(({ observations, labels }) => [...observations, ...labels]);

  it('gives the same events by line, in an array, in parts, and with its names in another order', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), fc.nat(), (rows, at) => {
        const lines = rows.map(python);
        const whole = parse(lines.join('\n'));
        expect(whole.rejected).toBe(0);
        expect(whole.observations).toHaveLength(rows.length);
        const cut = at % (rows.length + 1);
        const inParts = events(parse(lines.slice(0, cut).join('\n')), parse(lines.slice(cut).join('\n')));
        expect(inParts).toEqual(events(whole));
        expect(events(parse(`[${lines.join(',')}]`, JSON_TYPE))).toEqual(events(whole));
        expect(events(parse(rows.map((one) => python(reversed(one))).join('\n')))).toEqual(events(whole));
      }),
      { numRuns: 150 },
    );
  });

  it('never throws, and loses no row without saying so', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), text, row.map(python)), { maxLength: 10 }), (lines) => {
        const given = lines.map((line) => line.replaceAll('\n', ' ')).filter((line) => line.trim() !== '');
        if (given[0]?.trimStart().startsWith('[') === true) return;
        const { observations, labels, rejected } = parse(given.join('\n').replace(/^\uFEFF/, ''));
        expect(observations.length + labels.length + rejected).toBe(given.length);
      }),
      { numRuns: 300 },
    );
  });
  it('keeps its default limits', () => expect(DEFAULT_INTAKE_LIMITS.featuresPerEvent).toBe(500));
});
