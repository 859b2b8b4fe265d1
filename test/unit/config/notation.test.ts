import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatByteSize, parseByteSize } from '../../../exporter/src/config/byte-size.js';
import { formatDuration, parseDuration } from '../../../exporter/src/config/duration.js';
import { nearestKey } from '../../../exporter/src/config/nearest-key.js';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s', (text, durationMs) => expect(parseDuration(text)).toBe(durationMs));

  it.each(['', '30', 's', '1.5h', '-3s', '5min', '1 h', ' 1h', '1h ', '30S'])('not %j', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  it('are read back as written', () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (durationMs) => parseDuration(formatDuration(durationMs)) === durationMs));
  });
});

describe('sizes', () => {
  it.each([
    ['0B', 0],
    ['8MiB', 8_388_608],
    ['500kB', 500_000],
    ['1GiB', 1_073_741_824],
  ])('%s', (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

  it.each(['', '8', '8M', '8mib', '1.5MiB', '-1B', '8 MiB'])('not %j', (text) =>
    expect(parseByteSize(text)).toBeNull(),
  );

  it('are read back as written', () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (bytes) => parseByteSize(formatByteSize(bytes)) === bytes));
  });
});

describe('the nearest key', () => {
  const known = ['interval', 'jitter', 'timeout', 'probes_per_cycle', 'name'];
  it.each([
    ['intervall', 'interval'],
    ['Interval', 'interval'],
    ['itnerval', 'interval'],
    ['nmae', 'name'],
    ['time-out', 'timeout'],
    ['probes-per-cycle', 'probes_per_cycle'],
  ])('%s → %s', (misspelt, key) => expect(nearestKey(misspelt, known)).toBe(key));

  it.each(['xyz', 'colour', 'days', 'mean_', ''])('nothing is near %j', (misspelt) =>
    expect(nearestKey(misspelt, known)).toBeNull(),
  );
});
