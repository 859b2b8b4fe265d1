import { expect, test } from 'vitest';
import { featuresOf } from '../../../../exporter/src/capture/probing/payloads/features.js';
import { withFeatures } from '../../../../exporter/src/capture/probing/payloads/with-features.js';
import type { Json } from '../../../../exporter/src/domain/json.js';

const ROW = { age: 51, country: 'IT', member: null };
const EXAMPLES: readonly (readonly [string, Json])[] = [
  ['a plain object', { age: 1, country: 'DE', member: true }],
  ['a wrapped object', { features: { age: 1, country: 'DE', member: true } }],
  ['one instance of a list', { instances: [{ age: 1, country: 'DE', member: true }] }],
  ['a pandas split', { dataframe_split: { columns: ['age', 'country', 'member'], data: [[1, 'DE', true]] } }],
  ['pandas records', { dataframe_records: [{ age: 1, country: 'DE', member: true }] }],
];

test.each(EXAMPLES)('puts features into %s', (_, example) => {
  const payload = withFeatures(example, ROW);
  expect(payload).not.toBeNull();
  expect(payload === null ? null : featuresOf(payload)).toEqual(ROW);
});

test('puts features into Open Inference tensors', () => {
  const example: Json = {
    inputs: [
      { name: 'x', shape: [1, 2], datatype: 'FP64', data: [1, 2] },
      { name: 'n', data: [3] },
    ],
  };
  expect(withFeatures(example, { 'x.0': 7, 'x.1': 8, n: 9 })).toEqual({
    inputs: [
      { name: 'x', shape: [1, 2], datatype: 'FP64', data: [7, 8] },
      { name: 'n', data: [9] },
    ],
  });
});

test('puts features into nested objects and lists, and leaves what belongs to no row aside', () => {
  const example: Json = { customer: { age: 1, scores: [1, 2] } };
  expect(
    withFeatures(example, { 'customer.age': 5, 'customer.scores.0': 6, 'customer.scores.1': 7, extra: 1 }),
  ).toEqual({
    customer: { age: 5, scores: [6, 7] },
  });
});

test('refuses what cannot be built: a text, a missing feature, a value that would read differently', () => {
  expect(withFeatures({ text: 'Good service.' }, { 'text.length': 3 })).toBeNull();
  expect(withFeatures({ age: 1, country: 'DE' }, { age: 2 })).toBeNull();
  expect(withFeatures({ age: 1 }, { age: 'a sentence of more than five words is read as text' })).toBeNull();
});
