import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Consumer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { freePort } from '../integration/servers/free-port.js';
import { kafkaJars, startKafka, type Kafka } from '../integration/servers/kafka.js';
import { testStores } from '../integration/servers/stores.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';

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
      const store = stores.fresh(kind);
      const directory = mkdtempSync(join(tmpdir(), 'mlfi-kafka-'));
      const port = await freePort();
      const settings = {
        models: [{ id: 'fraud' }],
        api_keys: [{ name: 'reader', scopes: ['read'], key: KEY }],
        ...(store.kind === 'postgresql' ? { database: { url: store.url } } : {}),
        sources: {
          kafka: [
            {
              name: 'load',
              brokers: [kafka.broker],
              group: 'mlfi',
              topics: [topic],
              model: 'fraud',
              session_timeout: '6s',
            },
          ],
        },
      };
      const total = async (): Promise<number> => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/models/fraud`, {
          headers: { authorization: `Bearer ${KEY}` },
        }).catch(() => null);
        return response?.ok === true ? answer.parse(await response.json()).total_samples : 0;
      };
      const random = seededRandom(RECORDS);
      await kafka.send(
        topic,
        Array.from({ length: RECORDS }, (_, i) => ({
          partition: Math.floor(random.next() * PARTITIONS),
          value: JSON.stringify({ features: { age: i % 90, country: 'DE' }, prediction: i % 3 ? 'no' : 'yes' }),
        })),
      );
      let isOver = false;
      const others = Array.from({ length: OTHERS }, async () => {
        while (!isOver) {
          await joinAndLeave(kafka.broker, topic, 500 + random.next() * 2_000).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 4_000 + random.next() * 6_000));
        }
      });
      let service: ServiceProcess | null = null;
      const start = async (): Promise<void> => {
        service = startServiceProcess(directory, port, settings, [], true);
        await service.ready();
      };
      const kill = async (): Promise<void> => {
        service?.child.kill('SIGKILL');
        await service?.exited;
      };
      await start();
      try {
        for (let killed = 1; killed <= KILLS; killed += 1) {
          const share = (RECORDS * killed) / (KILLS + 2);
          await expect.poll(total, { timeout: 300_000, interval: 20 }).toBeGreaterThanOrEqual(share);
          await kill();
          await start();
        }
        isOver = true;
        await Promise.all(others);
        await expect.poll(total, { timeout: 300_000 }).toBeGreaterThanOrEqual(RECORDS);
        const sum = async (): Promise<number> =>
          (await kafka.committed('mlfi', topic, PARTITIONS)).reduce((all, offset) => all + offset, 0);
        await expect.poll(sum, { timeout: 30_000 }).toBe(RECORDS);
        expect(await total()).toBe(RECORDS);
      } finally {
        isOver = true;
        await kill();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
});
