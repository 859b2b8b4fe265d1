import type { KafkaEnd, KafkaOffset } from '../../../domain/kafka-connection.js';
import type { LoggedRecord } from './reading.js';

/** How far a partition is read. */
export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** The next offset, as the group has it; null where it has none yet. */
  readonly position: number | null;
  /** Records from there to the end. */
  readonly lag: number;
}

interface Partition extends KafkaOffset {
  readonly log: string;
}

/** Records of a partition that are gone. */
export interface Deleted {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

/** How far the partitions of one assignment are read, and how far Kafka knows it. */
export class Progress {
  private readonly partitions = new Map<string, Partition>();
  private readonly known = new Map<string, number>();
  private readonly compared = new Set<string>();

  /** @param deletedUpTo offsets up to which deletions were told already, by whatever assignment */
  constructor(private readonly deletedUpTo = new Map<string, number>()) {}

  /** A record is taken, or waits. */
  read({ topic, partition, offset, log }: LoggedRecord): void {
    this.reached({ topic, partition, log, offset: offset + 1 });
  }

  /** All before is taken, waits, or is nothing to take. */
  reached(place: Partition): void {
    const key = `${place.topic}/${place.partition}`;
    if ((this.partitions.get(key)?.offset ?? -1) < place.offset) this.partitions.set(key, place);
  }

  /** What Kafka is to be told. @param heldAt the offset that a log must be read again from, null for none */
  due(heldAt: (log: string) => number | null): readonly KafkaOffset[] {
    return [...this.partitions.values()].flatMap(({ topic, partition, log, offset: next }) => {
      const offset = Math.min(next, heldAt(log) ?? next);
      return this.known.get(`${topic}/${partition}`) === offset ? [] : [{ topic, partition, offset }];
    });
  }

  committed(offsets: readonly KafkaOffset[]): void {
    for (const { topic, partition, offset } of offsets) this.known.set(`${topic}/${partition}`, offset);
  }

  /** What Kafka deleted before it was read; each partition once. */
  deleted(ends: readonly KafkaEnd[]): readonly Deleted[] {
    return ends.flatMap(({ topic, partition, first, committed }) => {
      const key = `${topic}/${partition}`;
      if (committed === null || this.compared.has(key)) return [];
      this.compared.add(key);
      const from = Math.max(committed, this.deletedUpTo.get(key) ?? 0);
      if (first <= from) return [];
      this.deletedUpTo.set(key, first);
      return [{ topic, partition, records: first - from }];
    });
  }

  /** @param ends of all partitions of the assignment */
  against(ends: readonly KafkaEnd[]): readonly PartitionProgress[] {
    return ends.map(({ topic, partition, offset: end, committed }) => {
      const position = this.known.get(`${topic}/${partition}`) ?? committed;
      return { topic, partition, position, lag: Math.max(0, end - (position ?? end)) };
    });
  }
}
