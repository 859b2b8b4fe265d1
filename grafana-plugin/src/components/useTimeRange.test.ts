import { dateTime } from '@grafana/data';
import { rangeOf, withRange } from './useTimeRange';

const parsed = (from: string, to: string) => {
  const range = rangeOf(new URLSearchParams({ from, to }));
  return range === null ? null : [range.from.valueOf(), range.to.valueOf()];
};

describe('time range of an address', () => {
  it('reads milliseconds, ISO 8601 and Grafana’s relative ends', () => {
    expect(parsed('1700000000000', '1700000060000')).toEqual([1700000000000, 1700000060000]);
    expect(parsed('2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z')).toEqual([
      Date.UTC(2026, 0, 1),
      Date.UTC(2026, 0, 1, 1),
    ]);
    const [from, to] = parsed('now-6h', 'now') ?? [0, 0];
    expect(Math.round((to - from) / 60_000)).toBe(360);
  });
  it.each([
    ['nonsense', 'now'],
    ['now', 'now-1h'],
    ['now-1h', ''],
  ])('is none for %s to %s', (from, to) => {
    expect(parsed(from, to)).toBeNull();
  });
  it('is put into an address as it was chosen, before its fragment', () => {
    expect(withRange('/a/x?theme=light#part', { from: 'now-1h', to: 'now' })).toBe(
      '/a/x?theme=light&from=now-1h&to=now#part'
    );
    expect(withRange('/a/x', { from: dateTime(1), to: dateTime(2) })).toBe('/a/x?from=1&to=2');
    expect(withRange('/a/x', null)).toBe('/a/x');
  });
});
