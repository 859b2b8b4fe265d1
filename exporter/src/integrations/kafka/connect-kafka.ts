import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConsumerOptions } from '@platformatic/kafka';
import type { AskTopics, ConnectKafka } from '../../domain/kafka-connection.js';
import type { KafkaSource } from '../../domain/kafka-source.js';
import { assignPartitions } from './assign-partitions.js';
import { committedConsumer } from './committed-consumer.js';
import { GroupMember } from './group-member.js';

const CONNECT_MS = 5_000;
const REQUEST_MS = 30_000;
const HEARTBEAT_MS = 3_000;
/** How long the others of a group may wait for a member that is busy. */
const REBALANCE_MS = 60_000;
const MIB = 1_048_576;

/** What the client is made with; certificates are read anew each time. @throws Error in words when a file cannot be read */
function optionsOf(
  source: KafkaSource,
  secretOf: (name: string) => string | null,
): ConsumerOptions<Buffer, Buffer, Buffer, Buffer> {
  const { brokers, group, sessionTimeoutMs, tls, sasl } = source;
  const hasNames = brokers.some((broker) => isIP(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0);
  return {
    clientId: 'mlfi',
    groupId: group,
    partitionAssigner: assignPartitions,
    bootstrapBrokers: [...brokers],
    autocommit: false,
    autocreateTopics: false,
    connectTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retries: 2,
    retryDelay: 500,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(REBALANCE_MS, sessionTimeoutMs),
    heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3)),
    maxBytes: 8 * MIB,
    maxBytesPerPartition: MIB,
    maxWaitTime: 500,
    ...(tls === null
      ? {}
      : {
          tls: {
            ...(tls.caFile === null ? {} : { ca: read(tls.caFile) }),
            ...(tls.certFile === null ? {} : { cert: read(tls.certFile) }),
            ...(tls.keyFile === null ? {} : { key: read(tls.keyFile) }),
            ...(tls.insecureSkipVerify ? { rejectUnauthorized: false } : {}),
          },
          ...(hasNames ? { tlsServerName: true } : {}),
        }),
    ...(sasl === null
      ? {}
      : {
          sasl: {
            mechanism: MECHANISMS[sasl.mechanism],
            username: sasl.username,
            password: () => secretOf(sasl.passwordSecret) ?? '',
          },
        }),
  };
}

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`${file} cannot be read; it must be a PEM file that mlfi may read`);
  }
}

/** Asks by @platformatic/kafka. @param secretOf value of a named secret, null for an unknown one */
export const kafkaTopics =
  (secretOf: (name: string) => string | null): AskTopics =>
  async (source) => {
    const { Consumer } = await import('@platformatic/kafka');
    const consumer = new Consumer({ ...optionsOf(source, secretOf), retries: 0 });
    try {
      const { topics } = await consumer.metadata({ topics: [...source.topics], autocreateTopics: false });
      return new Map([...topics].map(([name, { partitionsCount }]) => [name, partitionsCount]));
    } finally {
      await Promise.resolve(consumer.close(true)).catch(() => undefined);
    }
  };

/** Joins groups by @platformatic/kafka. @param secretOf value of a named secret, null for an unknown one */
export const kafkaConnections =
  (secretOf: (name: string) => string | null): ConnectKafka =>
  async (source) => {
    const member = new GroupMember(await committedConsumer(optionsOf(source, secretOf)), source);
    try {
      await member.join();
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  };
