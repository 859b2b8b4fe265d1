import type { ModelId } from './identifiers.js';

/** Topics that hold prediction logs, and how they are read. */
export interface KafkaSource {
  /** In metrics and the log. */
  readonly name: string;
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly group: string;
  readonly format: 'rows' | 'cloudevents';
  /** Whose rows they are; null where each says so. */
  readonly model: ModelId | null;
  /** Where a partition begins that the group has never read. */
  readonly start: 'earliest' | 'latest';
  /** A member that is not heard of for so long loses its partitions. */
  readonly sessionTimeoutMs: number;
  /** Null for connections in the clear. Files are absolute paths, read at every connection. */
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
    readonly insecureSkipVerify: boolean;
  } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    /** Name of the secret. */
    readonly passwordSecret: string;
  } | null;
}
