import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readEvents, type EventReading } from '../../../../../exporter/src/capture/sources/cloudevents/read-events.js';

const LARGEST = 100_000;
const packed = (text: string): Buffer => gzipSync(text);
const batch = (...data: readonly Buffer[]): readonly EventReading[] => {
  const events = data.map((bytes, i) => ({
    ...{ specversion: '1.0', source: '/s', id: `e${i}`, type: 't' },
    data_base64: bytes.toString('base64'),
  }));
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  return readEvents(headers, Buffer.from(JSON.stringify(events)), { maximumDataBytes: LARGEST });
};
const outcomes = (readings: readonly EventReading[]): readonly string[] =>
  readings.map((reading) => (reading.kind === 'refused' ? `${reading.field}: ${reading.message}` : 'read'));
const TOO_MUCH =
  'data: compressed data of one request may unpack to 100000 bytes in all (http.maximum_body); send it in parts';

it('unpacks no more of all events of a request than one body may hold', () => {
  const large = packed(`{"predictions":[1]}${' '.repeat(60_000)}`);
  expect(outcomes(batch(large, large, packed('{}')))).toEqual(['read', TOO_MUCH, TOO_MUCH]);
  expect(outcomes(batch(...Array.from({ length: 20 }, () => packed(' '.repeat(4_000)))))).toEqual(
    Array.from({ length: 20 }, () => 'read'),
  );
});

it('counts what turns out to be packed wrongly, which costs as much until that is known', () => {
  const wrong = packed(' '.repeat(90_000));
  const checksum = wrong.length - 8;
  wrong[checksum] = (wrong[checksum] ?? 0) ^ 0xff;
  expect(outcomes(batch(wrong, packed(' '.repeat(90_000))))).toEqual(['read', TOO_MUCH]);
});

it('costs no more for ten thousand bombs than for one', () => {
  const bomb = gzipSync(Buffer.alloc(90_000, ' '), { level: 9 });
  const before = process.cpuUsage();
  const readings = batch(...Array.from({ length: 10_000 }, () => bomb));
  expect(readings.filter(({ kind }) => kind === 'refused').length).toBe(9_999);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
});
