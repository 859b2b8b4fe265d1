import type { Consumer } from '@platformatic/kafka';

export type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];
type Batch = NonNullable<FetchedPartition['records']>[number];

const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;
/** Of the key of a control record: its version, then what it says. */
const SAYS_AT = 2;
const ABORTED = 0;

/**
 * Empties what aborted transactions wrote; the library itself knows one of a producer in a fetch, and only where the fetch holds its
 * end. Batches stay, for reading goes on behind them.
 * @param partition with the aborted transactions of all its batches, as brokers tell whoever reads what is committed
 */
export function emptyAborted({
  abortedTransactions,
  records,
}: Pick<FetchedPartition, 'abortedTransactions' | 'records'>): void {
  const begun = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const aborting = new Set<bigint>();
  for (const batch of records ?? []) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let next = begun[0]; next !== undefined && next.firstOffset <= lastOffset; next = begun[0]) {
      aborting.add(next.producerId);
      begun.shift();
    }
    if (endsAborted(batch)) aborting.delete(batch.producerId);
    else if ((batch.attributes & IS_TRANSACTIONAL) !== 0 && aborting.has(batch.producerId)) batch.records = [];
  }
}

function endsAborted({ attributes, records }: Batch): boolean {
  return (attributes & IS_CONTROL) !== 0 && records[0]?.key?.readInt16BE(SAYS_AT) === ABORTED;
}
