import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featuresFrom, flattenFeatures } from '../../../../exporter/src/capture/ingest/features.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';
import type { Features } from '../../../../exporter/src/domain/observation.js';

const limits = { ...DEFAULT_INTAKE_LIMITS, featuresPerEvent: 30, featureNameLength: 12 };

/** What was made of a row and told of it, to the last bit. */
function outcome(read: (given: object, tell: (...told: readonly string[]) => void) => Features, text: string) {
  const told: string[] = [];
  const features = read(JSON.parse(text) as object, (...each) => told.push(each.join('|')));
  const entries = Object.entries(features).map(([name, value]) => [name, Object.is(value, -0) ? '-0' : value]);
  return { entries, told, isBare: Object.getPrototypeOf(Object.getPrototypeOf(features)) === null };
}

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'a.b',
    '',
    '__proto__',
    'constructor',
    '0',
    '17',
    'x\u0007',
    'ö',
    '\ud800',
    'much too long a name',
  ),
  fc.string({ maxLength: 4 }),
);
const value = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'de',
      '',
      '\u0000NaN',
      '\u0000123456789012345678',
      'a\u0000',
      '\ud83d',
      'six words make it a text',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('-0', [], [1, 2], { c: 1 }, { b: 2, 'b.c': 3 }) },
);

describe('rows that are flat already', () => {
  it('are read as any others are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 40 }), (entries) => {
        const row = entries.map(
          ([key, each]) => `${JSON.stringify(key)}:${each === '-0' ? '-0' : JSON.stringify(each)}`,
        );
        const text = `{${row.join(',')}}`;
        const fast = outcome((given, tell) => featuresFrom(given, limits, tell), text);
        expect(fast).toEqual(outcome((given, tell) => flattenFeatures(given, limits, tell), text));
        expect(fast.isBare).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
  it.each([12, 13, 30, 31])('of %i names', (names) => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: names }, (_, i) => [`f${i}`, i])));
    const fast = outcome((given, tell) => featuresFrom(given, limits, tell), text);
    expect(fast).toEqual(outcome((given, tell) => flattenFeatures(given, limits, tell), text));
  });
});
