import { Consumer } from '@platformatic/kafka';
import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kafkaJars, startKafka, type Kafka } from './servers/kafka.js';
import { postgresBinaries, startPostgres } from './servers/postgres.js';
import { rows, watching } from './watching-kafka.js';

const jars = kafkaJars();

describe.skipIf(jars === null)('groups and what others do to them', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka(jars ?? '');
  });
  afterAll(async () => {
    await kafka.stop();
  });
  const source = (more: object): object => ({ brokers: [kafka.broker], session_timeout: '6s', ...more });

  it.concurrent('reads all of each topic, by a group a source and by one for all', async ({ expect }) => {
    await kafka.createTopic('fraud', 5);
    await kafka.createTopic('comp', 2);
    await kafka.createTopic('any', 1);
    await kafka.send('fraud', rows(0, 500, 5));
    await kafka.send('comp', rows(0, 200, 2));
    await kafka.send('any', rows(0, 100, 1));
    const sources = (suffix: string, more: object): readonly object[] =>
      ['fraud', 'comp', 'any'].map((topic) =>
        source({ name: `${topic}${suffix}`, topics: [topic], model: `${topic}${suffix}`, ...more }),
      );
    const all = [...sources('', {}), ...sources('-common', { group: 'common' })];
    const models = ['fraud', 'comp', 'any'].flatMap((model) => [model, `${model}-common`]);
    const mlfi = await watching(all, models);
    await mlfi.start();
    try {
      for (const [index, model] of models.entries())
        await expect.poll(() => mlfi.total(model), { timeout: 40_000 }).toBe([500, 200, 100][Math.floor(index / 2)]);
      await expect.poll(() => kafka.committed('mlfi-comp', 'comp', 2), { timeout: 30_000 }).toEqual([100, 100]);
      await expect.poll(() => kafka.committed('common', 'comp', 2), { timeout: 30_000 }).toEqual([100, 100]);
    } finally {
      await mlfi.remove();
    }
  });

  it.concurrent('says so when another member of its group deals out what it did not ask for', async ({ expect }) => {
    await kafka.createTopic('theirs', 4);
    await kafka.createTopic('ours', 2);
    await kafka.send('ours', rows(0, 100, 2));
    const other = new Consumer({ clientId: 'other', groupId: 'shared', bootstrapBrokers: [kafka.broker] });
    const stream = await other.consume({ topics: ['theirs'], mode: 'committed', fallbackMode: 'earliest' });
    stream.on('error', () => undefined);
    stream.resume();
    const mlfi = await watching([source({ name: 'ours', topics: ['ours'], group: 'shared', model: 'ours' })], ['ours']);
    await mlfi.start();
    try {
      await expect.poll(() => mlfi.said(), { timeout: 40_000 }).toMatch(/topics that are not its own \(theirs\)/);
      expect(await mlfi.metric('mlfi_kafka_up', 'source="ours"')).toBe(0);
      await other.close(true);
      await expect.poll(() => mlfi.total('ours'), { timeout: 60_000 }).toBe(100);
      await expect.poll(() => mlfi.metric('mlfi_kafka_up', 'source="ours"'), { timeout: 30_000 }).toBe(1);
    } finally {
      await mlfi.remove();
    }
  });

  it.skipIf(postgresBinaries() === null)(
    'leaves its partitions to the mlfi that took the store over, and says so',
    async ({ expect }) => {
      await kafka.createTopic('taken', 4);
      await kafka.send('taken', rows(0, 400, 4));
      const postgres = await startPostgres(postgresBinaries() ?? '');
      const url = postgres.freshDatabase();
      const reads = source({ name: 'taken', topics: ['taken'], model: 'taken' });
      const [first, second] = [
        await watching([reads], ['taken'], { database: { url } }),
        await watching([reads], ['taken'], { database: { url } }),
      ];
      const sql = new pg.Client(url);
      try {
        const frozen = await first.start();
        await expect.poll(() => first.total('taken'), { timeout: 40_000 }).toBe(400);
        await sql.connect();
        frozen.child.kill('SIGSTOP');
        await sql.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'mlfi on %'",
        );
        await second.start();
        frozen.child.kill('SIGCONT');
        await expect.poll(() => first.said(), { timeout: 40_000 }).toMatch(/another mlfi has taken the store over/);
        expect(await first.metric('mlfi_kafka_up', 'source="taken"')).toBe(0);
        expect(await first.metric('mlfi_kafka_lag_records')).toBe(0);
        await kafka.send('taken', rows(400, 400, 4));
        // All four partitions, while the first still runs.
        await expect.poll(() => second.total('taken'), { timeout: 60_000 }).toBe(800);
      } finally {
        await sql.end();
        await first.remove();
        await second.remove();
        postgres.stop();
      }
    },
  );
});
