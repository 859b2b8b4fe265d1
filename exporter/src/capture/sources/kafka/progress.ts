import type { KafkaOffset } from '../../../domain/kafka-connection.js';
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

/** How far the partitions of one assignment are read, and how far Kafka knows it. */
export class Progress {
  private readonly partitions = new Map<string, Partition>();
  private readonly known = new Map<string, number>();

  /** A record is taken, or waits. */
  read({ topic, partition, offset, log }: LoggedRecord): void {
    this.partitions.set(`${topic}/${partition}`, { topic, partition, log, offset: offset + 1 });
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

  /** @param ends of all partitions of the assignment, and where the group stands in those of which nothing was read */
  against(ends: readonly (KafkaOffset & { readonly committed: number | null })[]): readonly PartitionProgress[] {
    return ends.map(({ topic, partition, offset: end, committed }) => {
      const position = this.known.get(`${topic}/${partition}`) ?? committed;
      return { topic, partition, position, lag: Math.max(0, end - (position ?? end)) };
    });
  }
}
