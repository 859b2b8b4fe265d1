import { Admin, Producer } from '@platformatic/kafka';

/** What a test sends; keys decide on nothing, the partition is said. */
export interface Sent {
  readonly partition: number;
  readonly value: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What tests do with brokers. */
export interface KafkaClient {
  /** How many answer for; 0 while none does. */
  brokers(): Promise<number>;
  createTopic(name: string, partitions: number, replicas: number): Promise<void>;
  /** Whether each partition has a leader among so many brokers, and is on all of them. */
  readonly isOn: (topic: string, brokers: number) => Promise<boolean>;
  readonly send: (topic: string, records: readonly Sent[]) => Promise<void>;
  /** Records that a topic holds; a producer whose acknowledgement was lost has written some of them twice. */
  readonly written: (topic: string, partitions: number) => Promise<number>;
  /** Offsets of a group, by partition. */
  readonly committed: (group: string, topic: string, partitions: number) => Promise<readonly number[]>;
}

const RECORDS_AT_ONCE = 1_000;

/** Connects for each thing that is asked. */
export function kafkaClient(bootstrapBrokers: string[]): KafkaClient {
  const client = { clientId: 'test', bootstrapBrokers, retries: 10, retryDelay: 200 };
  const withAdmin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = new Admin(client);
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  };
  return {
    async brokers() {
      const admin = new Admin({ ...client, retries: 0, connectTimeout: 500 });
      try {
        return (await admin.metadata({})).brokers.size;
      } catch {
        return 0;
      } finally {
        await admin.close().catch(() => undefined);
      }
    },
    createTopic: (name, partitions, replicas) =>
      withAdmin(async (admin) => {
        await admin.createTopics({ topics: [name], partitions, replicas });
        // Answered once each partition has its leader: a producer that is refused for one sends to all of them again.
        const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
        await admin.listOffsets({ topics: [{ name, partitions: asked }] });
      }),
    isOn: (topic, brokers) =>
      withAdmin(async (admin) => {
        const { brokers: there, topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
        const partitions = topics.get(topic)?.partitions ?? [];
        return (
          there.size === brokers &&
          partitions.length > 0 &&
          partitions.every(({ leader, isr }) => there.has(leader) && isr.length === brokers)
        );
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
    written: (topic, partitions) =>
      withAdmin(async (admin) => {
        const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
        const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
        return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Number(offset), 0);
      }),
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
  };
}
