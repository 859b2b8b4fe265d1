import { describe, expect, it } from 'vitest';
import { timestampMs } from '../../../../exporter/src/capture/ingest/timestamps.js';
import { Refusal } from '../../../../exporter/src/capture/ingest/verdicts.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const AT = Date.UTC(2026, 10, 27, 3, 4, 5);
const reasonOf = (value: string | number): string => {
  try {
    return String(timestampMs(value, NOW));
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

describe('a timestamp', () => {
  it.each([
    ['2026-11-27T03:04:05Z', 0],
    ['2026-11-27T03:04:05', 0],
    ['2026-11-27 03:04:05', 0],
    ['2026-11-27T03:04:05.123456', 123],
    ['2026-11-27 03:04:05,999', 999],
    ['2026-11-27T03:04:05.123456789Z', 123],
    ['2026-11-27T04:04:05+01:00', 0],
    ['2026-11-27T04:04:05.5+0100', 500],
    ['2026-11-26T22:04:05-05', 0],
    ['2026-11-27T08:49:05+05:45', 0],
    ['2026-11-27T04:04:05+01:00[Europe/Paris]', 0],
    ['2026-11-27 03:04:05.000001 +0000 UTC m=+0.000123', 0],
    ['2026-11-27 04:04:05 +0100 CET', 0],
    ['20261127T030405Z', 0],
    ['2026-11-27t03:04:05z', 0],
    ['Fri, 27 Nov 2026 03:04:05 GMT', 0],
    ['Fri, 27 Nov 2026 04:04:05 +0100', 0],
    [' 2026-11-27T03:04:05Z ', 0],
    [AT / 1_000, 0],
    [AT / 1_000 + 0.25, 250],
    [AT, 0],
    [AT * 1_000 + 789, 0],
    [AT * 1_000_000, 0],
    [String(AT), 0],
    [`${AT / 1_000}.5`, 500],
    [`${AT}000000`, 0],
  ])('%s', (value, afterMs) => expect(timestampMs(value, NOW)).toBe(AT + afterMs));

  it('without a time of day is midnight', () => {
    expect(timestampMs('2026-11-27', NOW)).toBe(Date.UTC(2026, 10, 27));
    expect(timestampMs('2026-11-27T03:04Z', NOW)).toBe(Date.UTC(2026, 10, 27, 3, 4));
    expect(timestampMs('2026-06-30T23:59:60Z', NOW)).toBe(Date.UTC(2026, 6, 1));
  });

  it.each([
    [20261127, 'timestamp_in_past'],
    ['20261127', 'timestamp_in_past'],
    [20261127030405, 'timestamp_in_future'],
    [46_353, 'timestamp_in_past'],
    [0, 'timestamp_in_past'],
    [-5, 'bad_timestamp'],
    [Infinity, 'bad_timestamp'],
    ['1999-12-31', 'timestamp_in_past'],
    ['2026-02-30', 'bad_timestamp'],
    ['2026-13-01', 'bad_timestamp'],
    ['2026-11-27T24:00:00Z', 'bad_timestamp'],
    ['27/11/2026', 'bad_timestamp'],
    ['yesterday', 'bad_timestamp'],
    ['', 'bad_timestamp'],
    ['x'.repeat(1_000_000), 'bad_timestamp'],
    [`2026-11-27T03:04:05Z${' '.repeat(70)}`, 'bad_timestamp'],
    [NOW + 5 * 60_000 + 1, 'timestamp_in_future'],
    ['2099-01-01', 'timestamp_in_future'],
    ['9999-12-31T23:59:59Z', 'timestamp_in_future'],
    [1e25, 'timestamp_in_future'],
  ])('refuses %s', (value, reason) => expect(reasonOf(value)).toBe(reason));

  it('names the slip it looks like (field case 15)', () => {
    expect(() => timestampMs(20261127, NOW)).toThrow(/YYYYMMDD/);
    expect(() => timestampMs(20261127030405, NOW)).toThrow(/YYYYMMDDhhmmss/);
    expect(() => timestampMs('2026-11-28T13:00:00', NOW)).toThrow(/zone/);
  });
});
