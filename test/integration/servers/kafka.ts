import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { kafkaClient, type KafkaClient } from './kafka-client.js';
import { kafkaNode } from './kafka-node.js';

export type { Sent } from './kafka-client.js';

/** Who may connect with TLS and a password, or with TLS and a certificate of their own. */
export interface Secured {
  /** Certificate and key in one file, PEM. */
  readonly keyStore: string;
  /** Certificate that members have, PEM. */
  readonly memberCertificate: string;
  readonly username: string;
  readonly password: string;
}

export interface Kafka extends Pick<KafkaClient, 'send' | 'committed'> {
  /** host:port */
  readonly broker: string;
  /** The same for connections with TLS and a password (SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN); of a broker that was given `Secured`. */
  readonly securedBroker: string;
  /** The same for connections with TLS and a certificate. */
  readonly mutualBroker: string;
  createTopic(name: string, partitions: number): Promise<void>;
  /** Kills the broker, as a crash does; its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

const JARS = join(import.meta.dirname, '../../../.cache/kafka');

/** The folder of Kafka's jars as `npm test` fetches them; null where it has not. @throws Error on CI, where they have to be there */
export function kafkaJars(): string | null {
  const isThere = existsSync(JARS) && readdirSync(JARS).some((name) => name.startsWith('kafka_'));
  if (isThere && spawnSync('java', ['-version']).status === 0) return JARS;
  if (process.env['CI'] === 'true') throw new Error('Kafka is not installed: npm test -- servers');
  return null;
}

/** Starts one broker (KRaft: no ZooKeeper) on a free loopback port with its data in a temporary folder. */
export async function startKafka(jars: string, secured: Secured | null = null): Promise<Kafka> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-kafka-'));
  const [port, controller, securedPort] = [await freePort(), await freePort(), await freePort()];
  const mutualBroker = `127.0.0.1:${await freePort()}`;
  const broker = `127.0.0.1:${port}`;
  const securedBroker = `127.0.0.1:${securedPort}`;
  const more = secured === null ? '' : `,SECURED://${securedBroker},MUTUAL://${mutualBroker}`;
  const all: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://${broker},CONTROLLER://127.0.0.1:${controller}${more}`,
    'advertised.listeners': `PLAINTEXT://${broker}${more}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL,MUTUAL:SSL',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // One that was killed is registered for so long, and takes no place beside itself.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '300',
    'group.min.session.timeout.ms': '1000',
    'auto.create.topics.enable': 'false',
    ...(secured === null
      ? {}
      : {
          'ssl.keystore.type': 'PEM',
          'ssl.keystore.location': secured.keyStore,
          'listener.name.mutual.ssl.client.auth': 'required',
          'listener.name.mutual.ssl.truststore.type': 'PEM',
          'listener.name.mutual.ssl.truststore.location': secured.memberCertificate,
          'sasl.enabled.mechanisms': 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
          ...Object.fromEntries(
            ['scram-sha-512', 'scram-sha-256'].map((mechanism) => [
              `listener.name.secured.${mechanism}.sasl.jaas.config`,
              'org.apache.kafka.common.security.scram.ScramLoginModule required;',
            ]),
          ),
          'listener.name.secured.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${secured.username}="${secured.password}";`,
        }),
  };
  const client = kafkaClient([broker]);
  const scram =
    secured === null
      ? []
      : ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
          '-S',
          `${mechanism}=[name=${secured.username},password=${secured.password}]`,
        ]);
  const node = kafkaNode(jars, folder, all, scram, async () => (await client.brokers()) > 0);
  await node.start();
  return {
    broker,
    securedBroker,
    mutualBroker,
    createTopic: (name, partitions) => client.createTopic(name, partitions, 1),
    send: client.send,
    committed: client.committed,
    kill: node.kill,
    startAgain: node.start,
    async stop() {
      await node.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
