import { describe, expect, it } from 'vitest';
import { payloadNamed } from '../../../../../exporter/src/capture/probing/payloads/named-fields.js';

describe('fields that a refusal names', () => {
  it.each([
    ['“review: Field required”', { review: expect.stringContaining(' ') as string }],
    [
      '“data.age: Field required; data.job: Field required” “data.age: Input should be a valid integer, unable to parse”',
      { data: { age: expect.any(Number) as number, job: expect.any(String) as string } },
    ],
    [
      '“rows.0.x: field required” “rows.0.x: value is not a valid float”',
      { rows: [{ x: expect.any(Number) as number }] },
    ],
    [`“plan: Field required” “plan: Input should be 'basic' or 'premium'”`, { plan: 'basic' }],
    ["“KeyError: 'features'”", { features: expect.any(String) as string }],
    ["“'text' is a required property”", { text: expect.any(String) as string }],
    ['“missing field `sentence` at line 1”', { sentence: expect.any(String) as string }],
    ['“features: Field required” “features: Input should be a valid list”', { features: [0.5, 1.2, 3.1, 0.4] }],
  ])('%s', (words, payload) => {
    expect(payloadNamed(words)).toMatchObject({ payload, isQuery: false });
  });

  it('are asked in the address where they are missing there', () => {
    expect(payloadNamed('“query.text: Field required”')).toMatchObject({
      payload: { text: expect.any(String) as string },
      isQuery: true,
    });
  });

  it.each([
    ['the server answered 400: “bad request”'],
    ['the field is wrong: not a number'],
    [Array.from({ length: 41 }, (_, i) => `f${i}: Field required`).join('; ')],
  ])('are none in %j', (words) => {
    expect(payloadNamed(words)).toBeNull();
  });

  it('name no property of every object', () => {
    const named = payloadNamed('“__proto__.polluted: Field required; constructor: Field required”');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(named?.payload as object)).toEqual(['__proto__', 'constructor']);
  });
});
