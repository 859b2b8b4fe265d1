import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../../../exporter/src/capture/probing/payloads/features.js';
import { textOfPattern } from '../../../../../exporter/src/capture/probing/payloads/from-pattern.js';
import { payloadsFromSchema } from '../../../../../exporter/src/capture/probing/payloads/from-schema.js';
import { generatePayloads } from '../../../../../exporter/src/capture/probing/payloads/generate.js';
import { chooseGoldenInputs } from '../../../../../exporter/src/capture/probing/payloads/golden.js';
import { SENTENCES } from '../../../../../exporter/src/capture/probing/payloads/sentences.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import { seededRandom } from '../../../../../exporter/src/system/seeded-random.js';

const KINDS = ['normal', 'edge', 'adversarial'] as const;

/** Keys, list lengths and types of a payload, without its values. */
function formOf(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(formOf);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, formOf(item)]));
  return value === null ? 'null' : typeof value;
}

const anyJson = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

describe('texts of a pattern', () => {
  const VARIANTS = [0, 1, 2, 3, 4, 5, 6, 7];
  it.each([
    '^[A-Z]{2}-\\d{4}$',
    '^\\d{5}(-\\d{4})?$',
    '^(?:cat|dog|bird)_[a-f0-9]{8,}$',
    '^\\+?[1-9][0-9]{6,14}$',
    '^[\\w.-]+@[a-z]+\\.(com|org)$',
    'v[0-9]+(\\.[0-9]+)*',
    '^\\$[0-9]+\\.\\d\\d$',
    '^.{3}$',
  ])('match %s, and differ', (pattern) => {
    const texts = VARIANTS.map((variant) => textOfPattern(pattern, variant));
    for (const text of texts) expect(text).toMatch(new RegExp(pattern));
    expect(new Set(texts).size).toBeGreaterThan(1);
  });

  it.each([
    '^(?=x)a$',
    '[^a]',
    '\\p{L}+',
    '\\bword\\b',
    '(a)\\1',
    'a+?',
    '(',
    '[a',
    'a{3,1}',
    'x{5000}',
    'a)b',
    '\\',
    '*a',
  ])('are not made up for %s', (pattern) => expect(textOfPattern(pattern, 0)).toBeNull());

  it('take no time for what a regular expression would take for ever with', () => {
    const begun = performance.now();
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: fc.constantFrom(...'()[]{}|*+?^$.\\ad-01,') }), (pattern) => {
        const text = textOfPattern(pattern, 3);
        expect(text === null || text.length <= 200).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    textOfPattern(`${'('.repeat(2_000)}a${')'.repeat(2_000)}`, 0);
    for (const inner of ['a{99}', '']) expect(textOfPattern(`((((${inner}){99}){99}){99}){99}`, 0)).toBeNull();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('are what a schema with one is asked with', () => {
    const properties: Json = { code: { type: 'string', pattern: '^[A-Z]{3}\\d{2}$' }, note: { type: 'string' } };
    const payloads = payloadsFromSchema({}, { type: 'object', properties, required: ['code'] });
    for (const payload of payloads)
      expect(payload).toMatchObject({ code: expect.stringMatching(/^[A-Z]{3}\d{2}$/) as unknown });
    // What may be left out is left out once, for a server that takes no value mlfi could think of.
    expect(Object.keys(payloads.at(-1) as object)).toEqual(['code']);
    expect(payloads.filter((payload) => 'note' in (payload as object)).length).toBeGreaterThan(5);
  });
});

describe('generated payloads', () => {
  it('keep the form of the example, whatever it is', () => {
    fc.assert(
      fc.property(anyJson, fc.integer(), fc.constantFrom(...KINDS), (example, seed, kind) => {
        for (const { payload } of generatePayloads([example], 5, seededRandom(seed), kind))
          expect(formOf(payload)).toEqual(formOf(example));
      }),
    );
  });

  it('can be sent: finite numbers, serialisable', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(...KINDS), (x, kind) => {
        for (const { payload } of generatePayloads([{ x }], 5, seededRandom(1), kind))
          expect(JSON.parse(JSON.stringify(payload))).toEqual({ x: expect.any(Number) as number });
      }),
    );
  });

  it('are the same for the same seed, and different for another', () => {
    const examples = [{ features: { income: 52_000.5, age: 40 }, text: 'A sentence with a few words in it.' }];
    const of = (seed: number) => generatePayloads(examples, 10, seededRandom(seed));
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  it('normal ones stay near the example and keep short words', () => {
    for (const { payload } of generatePayloads(
      [{ x: 100.5, n: 40, sex: 'female', flag: true }],
      200,
      seededRandom(3),
    )) {
      const { x, n, sex, flag } = payload as { x: number; n: number; sex: string; flag: boolean };
      expect(x).toBeGreaterThanOrEqual(90.45);
      expect(x).toBeLessThanOrEqual(110.55);
      expect(Number.isInteger(n)).toBe(true);
      expect([sex, flag]).toEqual(['female', true]);
    }
  });

  it('leave the form of a tensor or a table alone', () => {
    const tensor = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1.5, 2.5] }] };
    const table = { dataframe_split: { columns: ['a long column name', 'b'], data: [[1.5, 2]] } };
    for (const kind of KINDS)
      for (const { payload } of generatePayloads([tensor, table], 20, seededRandom(5), kind)) {
        if ('inputs' in (payload as object))
          expect(payload).toMatchObject({ inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32' }] });
        else expect(payload).toMatchObject({ dataframe_split: { columns: ['a long column name', 'b'] } });
      }
  });

  it('vary of a question to a language model only what is said', () => {
    const said = 'A sentence with a few words in it.';
    const chat = { model: 'my model', messages: [{ role: 'user', content: said }], temperature: 0, max_tokens: 64 };
    const completion = { model: 'my model', prompt: said, max_tokens: 64, logprobs: 1 };
    for (const kind of KINDS)
      for (const { payload } of generatePayloads([chat, completion], 40, seededRandom(6), kind)) {
        expect(payload).toMatchObject({ model: 'my model', max_tokens: 64 });
        if ('messages' in (payload as object)) expect(payload).toMatchObject({ messages: [{ role: 'user' }] });
      }
    const texts = generatePayloads([completion], 40, seededRandom(6)).map(({ payload }) => JSON.stringify(payload));
    expect(new Set(texts).size).toBeGreaterThan(5);
  });

  it('vary a row that travels as text, within its form', () => {
    const rows = generatePayloads(['1.5,2.5,40'], 40, seededRandom(7)).map(({ payload }) => payload as string);
    expect(new Set(rows).size).toBeGreaterThan(20);
    for (const row of rows) expect(row).toMatch(/^\d+\.\d+,\d+\.\d+,\d+$/);
    const lines = generatePayloads(['{"features":[1.5,2.5]}'], 40, seededRandom(7)).map(
      ({ payload }) => payload as string,
    );
    expect(new Set(lines).size).toBeGreaterThan(20);
    for (const line of lines) expect(JSON.parse(line)).toEqual({ features: [expect.any(Number), expect.any(Number)] });
  });

  it('reach the edges: empty, blank, very long, other scripts', () => {
    const texts = generatePayloads(['a'], 300, seededRandom(2), 'edge').map(({ payload }) => payload as string);
    expect(texts).toContain('');
    expect(texts.some((text) => text !== '' && text.trim() === '')).toBe(true);
    expect(texts.some((text) => text.length >= 10_000)).toBe(true);
    expect(texts.some((text) => /[^\x00-\x7f]/.test(text))).toBe(true);
  });

  it('are none without an example', () => {
    expect(generatePayloads([], 5, seededRandom(1))).toEqual([]);
  });
});

describe('golden inputs', () => {
  it('are the same for the same payloads, at most five', () => {
    const payloads = SENTENCES.map((text) => ({ text }));
    expect(chooseGoldenInputs(payloads)).toEqual(chooseGoldenInputs(payloads));
    expect(chooseGoldenInputs(payloads)).toHaveLength(5);
    expect(new Set(chooseGoldenInputs(payloads).map(({ id }) => id)).size).toBe(5);
    expect(chooseGoldenInputs([{ x: 1 }])).toHaveLength(1);
  });
});

describe('features of a payload', () => {
  const TEXT = 'Can you pay 3 invoices TODAY?';
  it.each<[string, Json, Record<string, unknown> | null]>([
    ['features', { features: { income: 1.5, sex: 'f' } }, { income: 1.5, sex: 'f' }],
    ['features as a list', { features: [1, 2] }, { '0': 1, '1': 2 }],
    ['data', { data: [{ a: 1 }] }, { a: 1 }],
    ['instances', { instances: [[1, 2]] }, { '0': 1, '1': 2 }],
    ['table', { dataframe_split: { columns: ['a', 'b'], data: [[1, null]] } }, { a: 1, b: null }],
    ['records', { dataframe_records: [{ a: 1, b: 'x' }] }, { a: 1, b: 'x' }],
    [
      'tensors',
      {
        inputs: [
          { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] },
          { name: 'y', data: [3] },
        ],
      },
      { 'x.0': 1, 'x.1': 2, y: 3 },
    ],
    ['Seldon', { data: { ndarray: [[1, 2]] } }, { '0': 1, '1': 2 }],
    ['Azure ML', { input_data: [[1, 2]] }, { '0': 1, '1': 2 }],
    ['a row of CSV', '1.5,2', { '0': 1.5, '1': 2 }],
    ['a line of JSON', '{"features":[1,2]}', { '0': 1, '1': 2 }],
    ['a chat', { model: 'm', messages: [{ role: 'user', content: TEXT }], temperature: 0 }, { 'text.words': 6 }],
    [
      'an image',
      {
        inputs: [{ name: 'x', shape: [2_000], datatype: 'FP32', data: Array.from({ length: 2_000 }, (_, i) => i % 2) }],
      },
      { 'x.mean': 0.5, 'x.deviation': 0.5 },
    ],
    ['plain object', { age: 3, nested: { b: true } }, { age: 3, 'nested.b': true }],
    ['text beside numbers', { text: TEXT, age: 3 }, { age: 3, 'text.words': 6 }],
    ['empty', {}, null],
  ])('%s', (_, payload, expected) => {
    const features = featuresOf(payload);
    if (expected === null) expect(features).toBeNull();
    else expect(features).toMatchObject(expected);
  });

  it.each<Json>([TEXT, { text: TEXT }, { inputs: TEXT }, { data: [TEXT] }, { review: TEXT }])(
    'describes a text without keeping a word: %j',
    (payload) => {
      const features = featuresOf(payload) ?? {};
      const at = (name: string): unknown => Object.entries(features).find(([key]) => key.endsWith(`.${name}`))?.[1];
      expect(at('length')).toBe(29);
      expect(at('words')).toBe(6);
      expect(at('mean_word_length')).toBeCloseTo(24 / 6, 12);
      expect(at('script')).toBe('latin');
      expect(at('digit_share')).toBeCloseTo(1 / 29, 12);
      expect(at('upper_share')).toBeCloseTo(6 / 29, 12);
      expect(at('punctuation_share')).toBeCloseTo(1 / 29, 12);
      expect(at('question')).toBe(true);
      expect(JSON.stringify(features)).not.toMatch(/invoice|TODAY/i);
    },
  );

  it('never throws and is bounded, whatever the payload', () => {
    fc.assert(
      fc.property(anyJson, (payload) => {
        expect(Object.keys(featuresOf(payload) ?? {}).length).toBeLessThanOrEqual(510);
      }),
    );
  });

  it('every sentence is taken for a text, so that a feature does not change its kind', () => {
    for (const sentence of SENTENCES) expect(featuresOf({ review: sentence })).not.toHaveProperty('review');
  });
});

describe('payloads from a schema', () => {
  const of = (schema: Json, document: Record<string, Json> = {}) => payloadsFromSchema(document, schema);

  it('follow references, also to themselves, and end', () => {
    const document = {
      components: {
        schemas: {
          Node: {
            type: 'object',
            properties: { name: { type: 'string' }, next: { $ref: '#/components/schemas/Node' } },
          },
          Loop: { $ref: '#/components/schemas/Loop' },
        },
      },
    };
    expect(of({ $ref: '#/components/schemas/Node' }, document)[0]).toMatchObject({
      name: expect.any(String) as string,
    });
    expect(of({ $ref: '#/components/schemas/Loop' }, document)).toEqual([{}]);
    expect(of({ $ref: '#/nowhere' })).toEqual([{}]);
  });

  it.each<[Json, (value: Json) => boolean]>([
    [{ type: 'integer', minimum: 3, maximum: 5 }, (v) => Number.isInteger(v) && Number(v) >= 3 && Number(v) <= 5],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, (v) => Number(v) > 0 && Number(v) < 1],
    [{ type: 'number', maximum: 1 }, (v) => Number(v) >= 0 && Number(v) <= 1],
    [{ type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 1 }, (v) => v === 1],
    [{ type: 'number', maximum: -5 }, (v) => Number(v) <= -5],
    [
      { type: 'integer', minimum: 1, exclusiveMaximum: 3 },
      (v) => Number.isInteger(v) && Number(v) >= 1 && Number(v) < 3,
    ],
    [{ type: 'integer', exclusiveMinimum: 0, maximum: 1 }, (v) => v === 1],
    [{ type: 'string', enum: ['a', 'b'] }, (v) => v === 'a' || v === 'b'],
    [{ type: 'string', maxLength: 10 }, (v) => typeof v === 'string' && v.length <= 10],
    [{ type: 'string', minLength: 100 }, (v) => typeof v === 'string' && v.length >= 100],
    [{ type: 'string', format: 'date' }, (v) => /^\d{4}-\d\d-\d\d$/.test(v as string)],
    [{ type: 'string', format: 'date-time' }, (v) => !Number.isNaN(Date.parse(v as string))],
    [{ type: ['number', 'null'] }, (v) => typeof v === 'number'],
    [{ const: 7 }, (v) => v === 7],
    [{ type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 }, (v) => Array.isArray(v) && v.length === 4],
    [
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }] },
      (v) => Array.isArray(v) && typeof v[1] === 'boolean',
    ],
    [{ oneOf: [{ type: 'null' }, { type: 'boolean' }] }, (v) => typeof v === 'boolean'],
    [{ type: 'integer', default: 3 }, (v) => Number.isInteger(v)],
    [{ type: 'file', format: 'image' }, (v) => typeof v === 'string' && v.startsWith('data:image/png;base64,')],
    [{ type: 'tensor', shape: [2, 3], dtype: 'float32' }, (v) => (v as number[][])[1]?.length === 3],
    [{ type: 'dataframe', orient: 'records', columns: ['a'] }, (v) => typeof (v as { a: number }[])[0]?.a === 'number'],
    [{ type: 'dataframe', orient: 'columns' }, (v) => (v as Record<string, number[]>)['3']?.length === 1],
  ])('%j', (schema, valid) => {
    const payloads = of(schema);
    expect(payloads.length).toBeGreaterThan(0);
    for (const payload of payloads) expect(valid(payload), JSON.stringify(payload)).toBe(true);
  });

  it('start from examples and vary numbers', () => {
    const payloads = of({ type: 'object', example: { age: 39, hours: 40.5, job: 'clerk' }, properties: {} });
    expect(payloads[0]).toEqual({ age: 39, hours: 40.5, job: 'clerk' });
    expect(payloads.length).toBeGreaterThan(2);
    expect(payloads.every((payload) => (payload as { job: string }).job === 'clerk')).toBe(true);
  });

  it('merge allOf', () => {
    const schema = {
      allOf: [
        { type: 'object', properties: { a: { const: 1 } } },
        { type: 'object', properties: { b: { const: 2 } } },
      ],
    };
    expect(of(schema)).toEqual([{ a: 1, b: 2 }]);
  });
});
