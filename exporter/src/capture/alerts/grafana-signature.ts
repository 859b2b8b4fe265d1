import { createHmac, timingSafeEqual } from 'node:crypto';

const LARGEST_AGE_MS = 300_000;

export type SignatureVerdict = 'valid' | 'absent' | 'wrong' | 'stale';

/**
 * Checks hex(HMAC-SHA256(secret, [timestamp ":"] body)) in constant time. With a timestamp header, one older or newer than
 * five minutes is refused: somebody replays a notification.
 */
export function verifyGrafanaSignature(
  secret: string,
  body: string,
  signature: string | undefined,
  timestamp: string | undefined,
  nowMs: number,
): SignatureVerdict {
  if (signature === undefined || signature === '') return 'absent';
  const signed = timestamp === undefined ? body : `${timestamp}:${body}`;
  const expected = createHmac('sha256', secret).update(signed).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature) ? signature : '', 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'wrong';
  if (timestamp !== undefined && !(Math.abs(nowMs - Number(timestamp) * 1_000) <= LARGEST_AGE_MS)) return 'stale';
  return 'valid';
}
