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
  /** Where a partition was read to, and where it now begins, behind that: what was fetched before may still come. */
  private readonly beginsBehind = new Map<
    string,
    { readonly at: number; readonly first: number; readonly isStill: boolean }
  >();
  private readonly passed: Deleted[] = [];
  /** Offset of the first that was read of a partition, until it is compared with where the group was. */
  private readonly begunAt = new Map<string, number>();
  private readonly compared = new Set<string>();

  /** @param deletedUpTo offsets up to which deletions were told already, by whatever assignment */
  constructor(private readonly deletedUpTo = new Map<string, number>()) {}

  /** A record is taken, or waits. */
  read({ topic, partition, offset, log }: LoggedRecord): void {
    this.reached({ topic, partition, log, offset: offset + 1 });
  }

  /** All before is taken, waits, or is nothing to take. */
  reached(place: Partition): void {
    const { topic, partition } = place;
    const key = `${topic}/${partition}`;
    if (!this.compared.has(key) && !this.begunAt.has(key)) this.begunAt.set(key, place.offset - 1);
    const behind = this.beginsBehind.get(key);
    if (behind !== undefined && place.offset > behind.first) this.pass(key, { topic, partition }, behind);
    else if (behind !== undefined && place.offset > behind.at)
      this.beginsBehind.set(key, { ...behind, at: place.offset, isStill: false });
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

  /** What Kafka deleted before it was read: each record once, when something behind it was read, or nothing came since the last look. */
  deleted(ends: readonly KafkaEnd[]): readonly Deleted[] {
    for (const end of ends) {
      const { topic, partition, first, committed } = end;
      const key = `${topic}/${partition}`;
      if (this.beganBehind(key, end)) continue;
      const reached = this.partitions.get(key)?.offset ?? committed;
      const at = Math.max(reached ?? first, this.deletedUpTo.get(key) ?? 0);
      const behind = this.beginsBehind.get(key);
      if (first <= at) this.beginsBehind.delete(key);
      else if (behind?.isStill === true) this.pass(key, { topic, partition }, { at, first });
      else this.beginsBehind.set(key, { at, first, isStill: true });
    }
    return this.passed.splice(0);
  }

  /** Whether the first that was read of a partition was behind where the group was: asked once. */
  private beganBehind(key: string, { topic, partition, first, committed }: KafkaEnd): boolean {
    const begunAt = this.begunAt.get(key);
    this.begunAt.delete(key);
    if (this.compared.has(key)) return false;
    this.compared.add(key);
    const at = Math.max(committed ?? first, this.deletedUpTo.get(key) ?? 0);
    const from = Math.min(first, begunAt ?? at);
    if (from <= at) return false;
    this.pass(key, { topic, partition }, { at, first: from });
    return true;
  }

  private pass(key: string, of: Omit<Deleted, 'records'>, { at, first }: { at: number; first: number }): void {
    this.beginsBehind.delete(key);
    this.deletedUpTo.set(key, first);
    if (first > at) this.passed.push({ ...of, records: first - at });
  }

  /** @param ends of all partitions of the assignment */
  against(ends: readonly KafkaEnd[]): readonly PartitionProgress[] {
    return ends.map(({ topic, partition, offset: end, committed }) => {
      const position = this.known.get(`${topic}/${partition}`) ?? committed;
      return { topic, partition, position, lag: Math.max(0, end - (position ?? end)) };
    });
  }
}
