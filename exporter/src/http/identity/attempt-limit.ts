import { isIPv6 } from 'node:net';

/** Sources that are remembered; beyond that the oldest are forgotten. */
const REMEMBERED = 10_000;
const MINUTE_MS = 60_000;

interface Bucket {
  readonly left: number;
  readonly atMs: number;
  /** When it was last told that none was left. */
  readonly toldAtMs: number;
}

/**
 * How many wrong credentials a source address may send: a bucket of a minute's worth that fills at the same rate.
 */
export class AttemptLimit {
  private readonly buckets = new Map<string, Bucket>();

  /** @param perMinute wrong credentials a source may send in a minute */
  constructor(private readonly perMinute: number) {}

  /** @returns seconds until this source has one left, a whole number; 0 when it has */
  waitSeconds(address: string, nowMs: number): number {
    const left = this.leftAt(sourceOf(address), nowMs);
    if (left >= 1) return 0;
    return Math.ceil(((1 - left) * MINUTE_MS) / this.perMinute / 1_000);
  }

  /** A credential of this source was wrong. @returns whether to tell that the source has none left since this one: once a minute */
  wrong(address: string, nowMs: number): boolean {
    const source = sourceOf(address);
    const before = this.leftAt(source, nowMs);
    // Those that were under way together are owed, up to another minute.
    const left = Math.max(before - 1, -this.perMinute);
    const toldAtMs = this.buckets.get(source)?.toldAtMs ?? -Infinity;
    const isTold = before >= 1 && left < 1 && Math.abs(nowMs - toldAtMs) >= MINUTE_MS;
    remember(this.buckets, source, { left, atMs: nowMs, toldAtMs: isTold ? nowMs : toldAtMs });
    return isTold;
  }

  private leftAt(source: string, nowMs: number): number {
    const bucket = this.buckets.get(source);
    if (bucket === undefined) return this.perMinute;
    const filled = ((nowMs - bucket.atMs) / MINUTE_MS) * this.perMinute;
    return Math.min(this.perMinute, bucket.left + Math.max(0, filled));
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** One host: an IPv4 address, or the /64 an IPv6 host chooses its addresses from (RFC 4291 §2.5.4). */
function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const whole = [...groups, ...Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest];
  return whole
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
