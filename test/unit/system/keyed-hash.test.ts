import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedHash } from '../../../exporter/src/system/keyed-hash.js';

describe('keyedHash', () => {
  it('is HMAC-SHA-256, whatever the key and the text, so that what older releases stored is found', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ minLength: 300, maxLength: 3_000 })),
        (key, text) => {
          const expected = createHmac('sha256', key).update(text).digest('base64url').slice(0, 22);
          expect(keyedHash(key)(text)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keeps nothing of one text in the hash of the next', () => {
    const hash = keyedHash('key');
    const short = hash('id:1');
    hash(`id:${'9'.repeat(300)}`);
    expect(hash('id:1')).toBe(short);
  });
});
