import type { KafkaSource } from './kafka-source.js';

/** One record of a topic. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Null for a tombstone. */
  readonly value: Buffer | null;
  /** Names in lower case; values as they are. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A place in a partition. */
export interface KafkaOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Records of one assignment, in the order of each partition. */
export interface KafkaChunk {
  /** Grows with every rebalance: then the partitions are others, and reading begins anew where the group has committed. */
  readonly generation: number;
  readonly records: readonly KafkaRecord[];
  /** Up to where partitions are read with these records, beyond what holds none: the ends of transactions, and aborted ones. */
  readonly reached: readonly KafkaOffset[];
}

/** Where a partition ends. */
export interface KafkaEnd extends KafkaOffset {
  /** The oldest offset it still has. */
  readonly first: number;
  /** From where it is read in this generation; null while that is not known. */
  readonly committed: number | null;
}

/** A member of the group. */
export interface KafkaConnection {
  readonly generation: number;
  /** Up to `most` records, or as many as come within `waitMs`. @throws when the connection is lost */
  take(most: number, waitMs: number, signal: AbortSignal): Promise<KafkaChunk>;
  /** What tells a topic from one of its name in another cluster, or made anew. */
  idOf(topic: string): Promise<string>;
  /** Has the group go on there. Nothing for partitions that are not this member's any more. @throws when the connection is lost */
  commit(generation: number, offsets: readonly KafkaOffset[]): Promise<void>;
  /** Of all partitions of this member. @throws when the connection is lost */
  ends(): Promise<readonly KafkaEnd[]>;
  /** Leaves the group, so that others have its partitions at once. Never throws. */
  close(): Promise<void>;
}

/** Partitions of each topic of a source that the brokers know, without joining its group. @throws when no broker answers, or says no */
export type AskTopics = (source: KafkaSource) => Promise<ReadonlyMap<string, number>>;

/** @throws when no broker answers, or says no */
export type ConnectKafka = (source: KafkaSource) => Promise<KafkaConnection>;
