import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Texts up to this long are hashed in a buffer that is there already. */
const SHORT_BYTES = 1_024;
/** Characters of a hash that are kept: 132 bits. */
const CHARACTERS = 22;

/**
 * HMAC-SHA-256 (RFC 2104) with one key, as 22 characters of base64url. The key is prepared once: an `Hmac` object for every
 * text costs ten times as much as the hashing.
 */
export function keyedHash(key: string): (text: string) => string {
  const given = Buffer.from(key, 'utf8');
  const padded = Buffer.alloc(BLOCK_BYTES);
  (given.length > BLOCK_BYTES ? hash('sha256', given, 'buffer') : given).copy(padded);
  const inner = Buffer.alloc(BLOCK_BYTES + SHORT_BYTES);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  for (const [i, byte] of padded.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const keyOfInner = inner.subarray(0, BLOCK_BYTES);
  return (text) => {
    // No character takes more than three bytes.
    const message =
      3 * text.length <= SHORT_BYTES
        ? inner.subarray(0, BLOCK_BYTES + inner.write(text, BLOCK_BYTES))
        : Buffer.concat([keyOfInner, Buffer.from(text, 'utf8')]);
    hash('sha256', message, 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'base64url').slice(0, CHARACTERS);
  };
}
