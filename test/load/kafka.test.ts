import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Consumer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { freePort } from '../integration/servers/free-port.js';
import { startKafkaCluster, type KafkaCluster } from '../integration/servers/kafka-cluster.js';
import { kafkaJars, startKafka, type Kafka, type Sent } from '../integration/servers/kafka.js';
import { testStores, type Stores } from '../integration/servers/stores.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { storedOf } from './outcome.js';

const LONG = process.env['MLFI_LONG'] === '1';
const RECORDS = LONG ? 200_000 : 20_000;
const KILLS = LONG ? 10 : 2;
const PARTITIONS = 6;
const OTHERS = 2;
const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const jars = kafkaJars();
const stores = testStores();

const answer = z.object({ total_samples: z.number() });

/** Members of the same group that take partitions, read and commit nothing, and leave. */
async function joinAndLeave(broker: string, topic: string, stayMs: number): Promise<void> {
  const other = new Consumer({
    ...{ clientId: 'other', groupId: 'mlfi', bootstrapBrokers: [broker], autocommit: false, sessionTimeout: 6_000 },
  });
  other.on('error', () => undefined);
  const stream = await other.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' });
  stream.on('error', () => undefined);
  stream.resume();
  await new Promise((resolve) => setTimeout(resolve, stayMs));
  await other.close(true);
}

const recordsOf = (count: number): Sent[] => {
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, i) => ({
    partition: Math.floor(random.next() * PARTITIONS),
    value: JSON.stringify({ features: { age: i % 90, country: 'DE' }, prediction: i % 3 ? 'no' : 'yes' }),
  }));
};

/** A mlfi that reads a topic into a store of its own, learning all the while: what it counted is in one profile. */
async function readerOf(brokers: readonly string[], topic: string, group: string, kind: Stores['kinds'][number]) {
  const store = stores.fresh(kind);
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-kafka-'));
  const port = await freePort();
  const settings = {
    models: [{ id: 'fraud' }],
    api_keys: [{ name: 'reader', scopes: ['read'], key: KEY }],
    baseline: { minimum_samples: 10 * RECORDS },
    ...(store.kind === 'postgresql' ? { database: { url: store.url } } : {}),
    sources: {
      kafka: [{ ...{ name: 'load', brokers, group, topics: [topic] }, model: 'fraud', session_timeout: '6s' }],
    },
  };
  let service: ServiceProcess | null = null;
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    service?.child.kill(signal);
    await service?.exited;
  };
  return {
    end,
    start: async (): Promise<void> => {
      service = startServiceProcess(directory, port, settings, [], true);
      await service.ready();
    },
    total: async (): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/models/fraud`, {
        headers: { authorization: `Bearer ${KEY}` },
      }).catch(() => null);
      return response?.ok === true ? answer.parse(await response.json()).total_samples : 0;
    },
    /** Once it has ended. */
    counts: async () => {
      const own = store.kind === 'postgresql' ? store : { ...store, file: join(directory, 'mlfi.sqlite') };
      return (await storedOf(own, ['fraud'])).get('fraud')?.learning;
    },
    remove: async (): Promise<void> => {
      await end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe.skipIf(jars === null)('Kafka under load', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    await stores.start();
    kafka = await startKafka(jars ?? '');
  });
  afterAll(async () => {
    await kafka.stop();
    stores.stop();
  });

  it.each(stores.kinds)(
    `counts each of ${RECORDS} records once through ${KILLS} kills and members that come and go, on %s`,
    async (kind) => {
      const topic = `fraud-${kind.toLowerCase()}`;
      await kafka.createTopic(topic, PARTITIONS);
      const disturbed = await readerOf([kafka.broker], topic, 'mlfi', kind);
      const quiet = await readerOf([kafka.broker], topic, 'quiet', kind);
      const random = seededRandom(RECORDS);
      await kafka.send(topic, recordsOf(RECORDS));
      let isOver = false;
      const others = Array.from({ length: OTHERS }, async () => {
        while (!isOver) {
          await joinAndLeave(kafka.broker, topic, 500 + random.next() * 2_000).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 4_000 + random.next() * 6_000));
        }
      });
      try {
        await disturbed.start();
        for (let killed = 1; killed <= KILLS; killed += 1) {
          const share = (RECORDS * killed) / (KILLS + 2);
          await expect.poll(disturbed.total, { timeout: 300_000, interval: 20 }).toBeGreaterThanOrEqual(share);
          await disturbed.end('SIGKILL');
          await disturbed.start();
        }
        isOver = true;
        await Promise.all(others);
        await expect.poll(disturbed.total, { timeout: 300_000 }).toBeGreaterThanOrEqual(RECORDS);
        const sum = async (): Promise<number> =>
          (await kafka.committed('mlfi', topic, PARTITIONS)).reduce((all, offset) => all + offset, 0);
        await expect.poll(sum, { timeout: 30_000 }).toBe(RECORDS);
        expect(await disturbed.total()).toBe(RECORDS);
        await disturbed.end('SIGTERM');
        await quiet.start();
        await expect.poll(quiet.total, { timeout: 300_000 }).toBe(RECORDS);
        await quiet.end('SIGTERM');
        const counts = await disturbed.counts();
        expect(counts?.calls).toBe(RECORDS);
        expect(new Set(Object.values(counts?.signals ?? {}))).toEqual(new Set([RECORDS]));
        expect(counts).toEqual(await quiet.counts());
      } finally {
        isOver = true;
        await disturbed.remove();
        await quiet.remove();
      }
    },
  );
});

describe.skipIf(jars === null)('several brokers', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    await stores.start();
    cluster = await startKafkaCluster(jars ?? '', 3);
  });
  afterAll(async () => {
    await cluster.stop();
    stores.stop();
  });

  it(`are read while one after the other is killed: each record once, on ${stores.kinds.at(-1)}`, async () => {
    await cluster.createTopic('spread', PARTITIONS);
    const reader = await readerOf(cluster.brokers, 'spread', 'mlfi', stores.kinds.at(-1) ?? 'SQLite');
    const half = recordsOf(RECORDS / 2);
    const isOn = async (brokers: number): Promise<void> =>
      expect
        .poll(() => cluster.isOn('spread', brokers).catch(() => false), { timeout: 60_000, interval: 200 })
        .toBe(true);
    try {
      await cluster.send('spread', half);
      await reader.start();
      await expect.poll(reader.total, { timeout: 300_000, interval: 20 }).toBeGreaterThan(RECORDS / 20);
      await cluster.kill(0);
      await expect.poll(reader.total, { timeout: 300_000 }).toBeGreaterThanOrEqual(RECORDS / 2);
      await isOn(2);
      await cluster.send('spread', half.slice(0, RECORDS / 4));
      await expect.poll(reader.total, { timeout: 300_000 }).toBeGreaterThanOrEqual((RECORDS * 3) / 4);
      await cluster.startAgain(0);
      await isOn(3);
      await cluster.kill(1);
      await isOn(2);
      await cluster.send('spread', half.slice(RECORDS / 4));
      const written = await cluster.written('spread', PARTITIONS);
      expect(written).toBeGreaterThanOrEqual(RECORDS);
      const sum = async (): Promise<number> =>
        (await cluster.committed('mlfi', 'spread', PARTITIONS)).reduce((all, offset) => all + offset, 0);
      await expect.poll(sum, { timeout: 300_000 }).toBe(written);
      await reader.end('SIGTERM');
      const counts = await reader.counts();
      expect(counts?.calls).toBe(written);
      expect(new Set(Object.values(counts?.signals ?? {}))).toEqual(new Set([written]));
    } finally {
      await reader.remove();
    }
  });
});
