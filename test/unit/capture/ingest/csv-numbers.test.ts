import { expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { NO_MAPPING } from '../../../../exporter/src/domain/field-mapping.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';
import { quantityOf, sameAnswer } from '../../../../exporter/src/domain/observation.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const parse = (body: string): ParsedBatch =>
  parseBatch(body, 'text/csv', Date.UTC(2026, 10, 28, 12), DEFAULT_INTAKE_LIMITS, NO_MAPPING, 'observations');
const read = (cell: string): unknown => parse(`x,prediction\n${cell},yes\n`).observations[0]?.features?.['x'];

it('reads every double as pandas writes it', () => {
  const random = seededRandom('doubles');
  const doubles = Array.from(
    { length: 2_000 },
    () => (random.next() - 0.5) * 10 ** Math.floor(30 * random.next() - 15),
  );
  const texts = doubles.map(String);
  expect(texts.some((text) => text.replace(/\D/g, '').length > 16)).toBe(true);
  const { observations } = parse(`x,prediction\n${texts.map((text) => `${text},yes`).join('\n')}\n`);
  expect(observations.map(({ features }) => features?.['x'])).toEqual(doubles);
});

it.each([
  ['30822.933082293002', 30_822.933082293002],
  ['46537.5246537520000000', 46_537.524653752],
  ['.7', 0.7],
  ['-.25', -0.25],
  ['5.', 5],
  ['1.e3', 1_000],
  ['123456789012345', 123_456_789_012_345],
  // A code of which a double would not hold all digits, and what is none.
  ['12345678901234567', '12345678901234567'],
  ['12345678901234567.0', '12345678901234567.0'],
  ['007', '007'],
  ['00.5', '00.5'],
  ['+4912345', '+4912345'],
  ['.', '.'],
  ['-', '-'],
  ['1.2.3', '1.2.3'],
])('reads %s as %j', (cell, value) => {
  expect(read(cell)).toBe(value);
});

it('takes a share without its 0, and compares answers that are written so', () => {
  const { observations, errors } = parse('x,prediction,confidence\n1,yes,.7\n2,no,1.\n');
  expect([observations.map(({ confidence }) => confidence), errors]).toEqual([[0.7, 1], []]);
  expect(['.7', '5.', '.', ''].map(quantityOf)).toEqual([0.7, 5, null, null]);
  expect([sameAnswer('5.', 5), sameAnswer('.7', 0.7), sameAnswer('12345678901234567.', '12345678901234567')]).toEqual([
    true,
    true,
    true,
  ]);
});
