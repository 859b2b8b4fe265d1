import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin, Producer } from '@platformatic/kafka';
import { freePort } from './free-port.js';

/** What a test sends; keys decide on nothing, the partition is said. */
export interface Sent {
  readonly partition: number;
  readonly value: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who may connect with TLS and a password, or with TLS and a certificate of their own. */
export interface Secured {
  /** Certificate and key in one file, PEM. */
  readonly keyStore: string;
  /** Certificate that members have, PEM. */
  readonly memberCertificate: string;
  readonly username: string;
  readonly password: string;
}

export interface Kafka {
  /** host:port */
  readonly broker: string;
  /** The same for connections with TLS and a password (SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN); of a broker that was given `Secured`. */
  readonly securedBroker: string;
  /** The same for connections with TLS and a certificate. */
  readonly mutualBroker: string;
  createTopic(name: string, partitions: number): Promise<void>;
  send(topic: string, records: readonly Sent[]): Promise<void>;
  /** Offsets of a group, by partition. */
  committed(group: string, topic: string, partitions: number): Promise<readonly number[]>;
  /** Kills the broker, as a crash does; its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

const JARS = join(import.meta.dirname, '../../../.cache/kafka');
const READY_WITHIN_MS = 60_000;
const RECORDS_AT_ONCE = 1_000;

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
  const properties = join(folder, 'server.properties');
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
  writeFileSync(
    properties,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const java = ['-Xmx256m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')];
  const scram =
    secured === null
      ? []
      : ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
          '-S',
          `${mechanism}=[name=${secured.username},password=${secured.password}]`,
        ]);
  const formatted = spawnSync(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties, ...scram],
    { encoding: 'utf8' },
  );
  if (formatted.status !== 0) throw new Error(`Kafka cannot be formatted: ${formatted.stdout}${formatted.stderr}`);
  const client = { clientId: 'test', bootstrapBrokers: [broker], retries: 10, retryDelay: 200 };
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const until = Date.now() + READY_WITHIN_MS;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`Kafka ended: ${output}`);
      if (output.includes('Kafka Server started')) return;
      if (/brokers/.test(await listed(client))) return;
      if (Date.now() > until) throw new Error(`Kafka was not ready in time: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  const withAdmin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = new Admin(client);
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  };
  return {
    broker,
    securedBroker,
    mutualBroker,
    createTopic: (name, partitions) =>
      withAdmin(async (admin) => {
        await admin.createTopics({ topics: [name], partitions, replicas: 1 });
        // Answered once each partition has its leader: a producer that is refused for one sends to all of them again.
        const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
        await admin.listOffsets({ topics: [{ name, partitions: asked }] });
      }),
    async send(topic, records) {
      const producer = new Producer(client);
      try {
        for (let i = 0; i < records.length; i += RECORDS_AT_ONCE)
          await producer.send({
            acks: -1,
            messages: records.slice(i, i + RECORDS_AT_ONCE).map(({ partition, value, headers = {} }) => ({
              ...{ topic, partition, value: Buffer.from(value) },
              headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
            })),
          });
      } finally {
        await producer.close();
      }
    },
    committed: (group, topic, partitions) =>
      withAdmin(async (admin) => {
        const indexes = Array.from({ length: partitions }, (_, i) => i);
        const [found] = await admin.listConsumerGroupOffsets({
          groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: indexes }] }],
        });
        const offsets = found?.topics[0]?.partitions ?? [];
        return indexes.map((index) =>
          Number(offsets.find((one) => one.partitionIndex === index)?.committedOffset ?? -1),
        );
      }),
    kill,
    startAgain: start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a broker that is there says of itself; empty while it is not. */
async function listed(client: ConstructorParameters<typeof Admin>[0]): Promise<string> {
  const admin = new Admin({ ...client, retries: 0, connectTimeout: 500 });
  try {
    const { brokers } = await admin.metadata({});
    return `brokers ${brokers.size}`;
  } catch {
    return '';
  } finally {
    await admin.close().catch(() => undefined);
  }
}
