import { expect, it } from 'vitest';
import { featuresOf } from '../../../../../exporter/src/capture/probing/payloads/features.js';
import { payloadLike } from '../../../../../exporter/src/capture/probing/payloads/mirror.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';

const SHAPES: readonly (readonly [name: string, example: Json, live: Json])[] = [
  ['plain fields', { age: 30, plan: 'gold', active: true }, { age: 51, plan: 'basic', active: false }],
  ['nested fields', { customer: { age: 30, home: { city: 'Bonn' } } }, { customer: { age: 9, home: { city: 'Ulm' } } }],
  ['a list of features', { features: [0.5, 1.2, 3.1] }, { features: [9, 8, 7] }],
  ['one instance', { instances: [[1, 2]] }, { instances: [[3, 4]] }],
  ['one record', { dataframe_records: [{ age: 30, plan: 'gold' }] }, { dataframe_records: [{ age: 3, plan: 'x' }] }],
  [
    'a split data frame',
    { dataframe_split: { columns: ['age', 'plan'], data: [[30, 'gold']] } },
    { dataframe_split: { columns: ['age', 'plan'], data: [[3, 'x']] } },
  ],
  [
    'tensors',
    {
      inputs: [
        { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] },
        { name: 'y', data: [5] },
      ],
    },
    {
      inputs: [
        { name: 'x', shape: [1, 2], datatype: 'FP32', data: [8, 9] },
        { name: 'y', data: [6] },
      ],
    },
  ],
  ['missing values', { age: 30, plan: 'gold' }, { age: null, plan: 'gold' }],
];

it.each(SHAPES)('finds the way back for %s', (_name, example, live) => {
  expect(payloadLike(example, featuresOf(live) ?? {})).toEqual(live);
});

it('ignores what the model does not take, and refuses what it takes and is not given', () => {
  expect(payloadLike({ age: 1, plan: 'a' }, { age: 2, plan: 'b', region: 'north' })).toEqual({ age: 2, plan: 'b' });
  expect(payloadLike({ age: 1, plan: 'a' }, { age: 2 })).toBeNull();
});

it.each<Json>([{ text: 'The parcel never came.' }, 'a text', { data: ['a longer text of more than five words'] }])(
  'cannot write a text again from its description: %j',
  (example) => {
    expect(payloadLike(example, featuresOf(example) ?? {})).toBeNull();
  },
);
