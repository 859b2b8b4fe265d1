import { describe, expect, it } from 'vitest';
import {
  emptyAborted,
  type FetchedPartition,
} from '../../../../exporter/src/integrations/kafka/aborted-transactions.js';

type Batch = NonNullable<FetchedPartition['records']>[number];
type Entry = Batch['records'][number];

const PLAIN = 0;
const IN_TRANSACTION = 0b01_0000;
const CONTROL = 0b11_0000;

const entry = (offsetDelta: number, key: Buffer): Entry => ({
  ...{ length: 1, attributes: 0, timestampDelta: 0n, offsetDelta, key, value: Buffer.from('v'), headers: [] },
});
const batch = (attributes: number, producer: number, from: number, to: number, key = Buffer.from('k')): Batch => ({
  ...{ firstOffset: BigInt(from), lastOffsetDelta: to - from, attributes, producerId: BigInt(producer) },
  ...{ length: 1, partitionLeaderEpoch: 0, magic: 2, crc: 0, firstTimestamp: 0n, maxTimestamp: 0n },
  ...{ producerEpoch: 0, firstSequence: 0 },
  records: Array.from({ length: to - from + 1 }, (_, i) => entry(i, key)),
});
const rows = (producer: number, from: number, to: number): Batch => batch(IN_TRANSACTION, producer, from, to);
const end = (producer: number, at: number, says: 0 | 1): Batch =>
  batch(CONTROL, producer, at, at, Buffer.from([0, 0, 0, says]));

const kept = (aborted: readonly (readonly [producer: number, from: number])[], records: Batch[]): readonly number[] => {
  const abortedTransactions = aborted.map(([producer, from]) => ({
    producerId: BigInt(producer),
    firstOffset: BigInt(from),
  }));
  const before = records.length;
  emptyAborted({ abortedTransactions, records });
  // Reading goes on behind the last of them.
  expect(records).toHaveLength(before);
  return records.flatMap((one) =>
    one.attributes === CONTROL ? [] : one.records.map(({ offsetDelta }) => Number(one.firstOffset) + offsetDelta),
  );
};

describe('what transactions wrote', () => {
  it('stays where it is committed, or was written without one', () => {
    expect(kept([], [rows(1, 0, 2), end(1, 3, 1), batch(PLAIN, 1, 4, 5)])).toEqual([0, 1, 2, 4, 5]);
  });

  it('goes where it is aborted, each time that a producer does so', () => {
    const records = [rows(1, 0, 1), end(1, 2, 0), rows(1, 3, 4), end(1, 5, 1), rows(1, 6, 7), end(1, 8, 0)];
    expect(
      kept(
        [
          [1, 6],
          [1, 0],
        ],
        records,
      ),
    ).toEqual([3, 4]);
  });

  it('goes where the end comes with a later fetch, or the beginning came with an earlier one', () => {
    expect(kept([[1, 5]], [rows(2, 3, 4), rows(1, 5, 9)])).toEqual([3, 4]);
    expect(kept([[1, 5]], [rows(1, 20, 29), end(1, 30, 0), rows(1, 31, 32)])).toEqual([31, 32]);
  });

  it('goes for one producer among others that commit', () => {
    const records = [rows(1, 0, 1), rows(2, 2, 3), rows(1, 4, 5), end(2, 6, 1), end(1, 7, 0), rows(1, 8, 8)];
    expect(kept([[1, 0]], records)).toEqual([2, 3, 8]);
  });

  it('is nothing where a fetch has no records', () => {
    const nothing = { abortedTransactions: null, records: null };
    emptyAborted(nothing);
    expect(nothing.records).toBeNull();
  });
});
