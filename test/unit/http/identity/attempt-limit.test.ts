import { describe, expect, it } from 'vitest';
import { AttemptLimit } from '../../../../exporter/src/http/identity/attempt-limit.js';

/** A limit of 30 a minute of which one address has used up `wrong`. */
function after(wrong: number, address = '192.0.2.1'): AttemptLimit {
  const limit = new AttemptLimit(30);
  for (let i = 0; i < wrong; i += 1) limit.wrong(address, 0);
  return limit;
}

describe('wrong credentials of one address', () => {
  it('are looked at up to the limit, and then again one every two seconds', () => {
    expect(after(29).waitSeconds('192.0.2.1', 0)).toBe(0);
    expect(after(30).waitSeconds('192.0.2.1', 0)).toBe(2);
    expect(after(30).waitSeconds('192.0.2.1', 2_000)).toBe(0);
    expect(after(30).waitSeconds('192.0.2.2', 0)).toBe(0);
  });

  it('that came together are owed, up to a minute more', () => {
    expect(after(45).waitSeconds('192.0.2.1', 0)).toBe(32);
    expect(after(10_000).waitSeconds('192.0.2.1', 0)).toBe(62);
    expect(after(10_000).waitSeconds('192.0.2.1', 62_000)).toBe(0);
  });

  it('are told when they run out, and once a minute while they go on', () => {
    const limit = after(28);
    expect([0, 1, 2, 3].map(() => limit.wrong('192.0.2.1', 0))).toEqual([false, true, false, false]);
    const isTold = (s: number) =>
      limit.waitSeconds('192.0.2.1', 1_000 * s) === 0 && limit.wrong('192.0.2.1', 1_000 * s);
    const toldAtS = Array.from({ length: 150 }, (_, i) => i + 1).filter(isTold);
    expect(toldAtS).toEqual([60, 120]);
  });

  it('count for the /64 of an IPv6 host, and for IPv4 however it is written', () => {
    const limit = after(30, '2001:db8:0:7::1');
    expect(limit.waitSeconds('2001:0db8:0000:0007:ffff::9', 0)).toBe(2);
    expect(limit.waitSeconds('2001:db8:0:8::1', 0)).toBe(0);
    expect(after(30, '::ffff:192.0.2.1').waitSeconds('192.0.2.1', 0)).toBe(2);
    expect(after(30, 'fe80::1%eth0').waitSeconds('fe80::2', 0)).toBe(2);
  });

  it('are forgotten beyond 10,000 addresses, the oldest first', () => {
    const limit = after(30, '192.0.2.1');
    for (let i = 0; i < 9_999; i += 1) limit.wrong(`10.0.${i >> 8}.${i & 255}`, 0);
    expect(limit.waitSeconds('192.0.2.1', 0)).toBe(2);
    limit.wrong('198.51.100.1', 0);
    expect(limit.waitSeconds('192.0.2.1', 0)).toBe(0);
  });
});
