import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kafkaJars, startKafka, type Kafka } from './servers/kafka.js';
import { row, rows, watching } from './watching-kafka.js';

const jars = kafkaJars();

/** Its first transaction with it: a broker that has just started makes room for them when it is first asked for one. */
async function transactional(broker: string, id: string) {
  for (let tries = 1; ; tries += 1) {
    const producer = new Producer({
      ...{ clientId: 'test', bootstrapBrokers: [broker], idempotent: true, transactionalId: id },
    });
    try {
      return { producer, first: await producer.beginTransaction() };
    } catch (error) {
      await producer.close();
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

describe.skipIf(jars === null)('records that are not to be read', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka(jars ?? '');
  });
  afterAll(async () => {
    await kafka.stop();
  });
  const source = (name: string, more: object = {}): object => ({
    ...{ name, brokers: [kafka.broker], topics: [name], model: name, session_timeout: '6s' },
    ...more,
  });

  /** One producer writes transactions of so many rows each to partition 0, one after the other; those below zero are aborted. */
  async function transact(topic: string, sizes: readonly number[]): Promise<void> {
    const { producer, first } = await transactional(kafka.broker, topic);
    try {
      for (const [i, size] of sizes.entries()) {
        const transaction = i === 0 ? first : await producer.beginTransaction();
        const { length } = Array.from({ length: Math.abs(size) });
        for (let sent = 0; sent < length; sent += 1_000)
          await transaction.send({
            messages: Array.from({ length: Math.min(1_000, length - sent) }, (_, j) => ({
              ...{ topic, partition: 0, value: Buffer.from(row(i * 100_000 + sent + j)) },
            })),
          });
        await (size < 0 ? transaction.abort() : transaction.commit());
      }
    } finally {
      await producer.close();
    }
  }

  it.concurrent('counts no row of an aborted transaction, and stands behind its end', async ({ expect }) => {
    await kafka.createTopic('several', 1);
    await kafka.createTopic('long', 1);
    const mlfi = await watching([source('several'), source('long')], ['several', 'long']);
    await transact('several', [100, -100, 50, -30]);
    // More than one fetch holds.
    await transact('long', [10, -40_000, 10]);
    await mlfi.start();
    try {
      await expect.poll(() => mlfi.total('several'), { timeout: 40_000 }).toBe(150);
      await expect.poll(() => kafka.committed('mlfi-several', 'several', 1), { timeout: 40_000 }).toEqual([284]);
      await expect.poll(() => kafka.committed('mlfi-long', 'long', 1), { timeout: 60_000 }).toEqual([40_023]);
      expect(await mlfi.total('several')).toBe(150);
      expect(await mlfi.total('long')).toBe(20);
      await expect
        .poll(() => mlfi.metric('mlfi_kafka_position_offset', 'partition="0"'), { timeout: 30_000 })
        .toBe(40_307);
      await expect.poll(() => mlfi.metric('mlfi_kafka_lag_records'), { timeout: 30_000 }).toBe(0);
    } finally {
      await mlfi.remove();
    }
  });

  it.concurrent('says how many Kafka deleted before they were read', async ({ expect }) => {
    await kafka.createTopic('deleted', 1);
    const mlfi = await watching([source('deleted')], ['deleted']);
    await kafka.send('deleted', rows(0, 100, 1));
    await mlfi.start();
    try {
      await expect.poll(() => kafka.committed('mlfi-deleted', 'deleted', 1), { timeout: 40_000 }).toEqual([100]);
      await mlfi.end();
      await kafka.send('deleted', rows(100, 1_000, 1));
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.broker] });
      await admin.deleteRecords({ topics: [{ name: 'deleted', partitions: [{ partition: 0, offset: 800n }] }] });
      await admin.close();
      await mlfi.start();
      await expect.poll(() => mlfi.total('deleted'), { timeout: 40_000 }).toBe(400);
      await expect.poll(() => mlfi.metric('mlfi_kafka_records_total', 'outcome="deleted"')).toBe(700);
      expect(mlfi.said()).toMatch(/"partition":0,"records":700,.*deleted records before they were read/);
    } finally {
      await mlfi.remove();
    }
  });

  it.concurrent('passes a record that is too large, and tells of a model that is not watched', async ({ expect }) => {
    await kafka.createTopic('large', 1);
    await kafka.createTopic('frod', 1);
    const mlfi = await watching([source('large'), source('frod')], ['large'], { http: { maximum_body: '64KiB' } });
    await kafka.send('large', [{ partition: 0, value: Buffer.alloc(100_000, 'x') }, ...rows(0, 10, 1)]);
    await kafka.send('frod', rows(0, 10, 1));
    await mlfi.start();
    try {
      await expect.poll(() => mlfi.total('large'), { timeout: 40_000 }).toBe(10);
      expect(await mlfi.metric('mlfi_kafka_records_total', 'source="large",outcome="refused"')).toBe(1);
      expect(mlfi.said()).toMatch(/"partition":0,"offset":0,"bytes":100000,.*larger than http.maximum_body/);
      await expect.poll(() => mlfi.said(), { timeout: 40_000 }).toMatch(/"frod\\" is not watched/);
      expect(await mlfi.metric('mlfi_kafka_lag_records', 'source="frod",topic="frod",partition="0"')).toBe(10);
      expect(await mlfi.metric('mlfi_kafka_up', 'source="frod"')).toBe(1);
    } finally {
      await mlfi.remove();
    }
  });
});
