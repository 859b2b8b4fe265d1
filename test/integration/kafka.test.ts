import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Consumer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configCheck } from '../../exporter/src/cli/config-check.js';
import { tryModels } from '../../exporter/src/service/try-models.js';
import { tryTopics } from '../../exporter/src/service/try-topics.js';
import { certificateFor, type Certificate } from './servers/certificates.js';
import { kafkaJars, startKafka, type Kafka, type Sent } from './servers/kafka.js';
import { rows, watching } from './watching-kafka.js';

const jars = kafkaJars();

const half = (side: 'request' | 'response', id: string): Readonly<Record<string, string>> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_type: `org.kubeflow.serving.inference.${side}`,
  ce_source: 'http://localhost/',
  ce_inferenceservicename: 'credit',
  ce_namespace: 'default',
  'content-type': 'application/json',
});
const request = (i: number): string => JSON.stringify({ instances: [[i % 90, i % 7]] });
const response = (i: number): string => JSON.stringify({ predictions: [i % 2] });

describe.skipIf(jars === null)('logs in Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-kafka-tls-'));
  let kafka: Kafka;
  let caFile: string;
  let member: Certificate;
  beforeAll(async () => {
    const { key, cert, certFile } = certificateFor(folder, 'kafka', Date.now() - 60_000, Date.now() + 3_600_000);
    caFile = certFile;
    const keyStore = join(folder, 'store.pem');
    writeFileSync(keyStore, Buffer.concat([key, cert]));
    member = certificateFor(folder, 'member', Date.now() - 60_000, Date.now() + 3_600_000);
    writeFileSync(join(folder, 'member-key.pem'), member.key);
    const memberCertificate = member.certFile;
    kafka = await startKafka(jars ?? '', {
      keyStore,
      memberCertificate,
      username: 'mlfi',
      password: 'canary-password',
    });
  });
  afterAll(async () => {
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const source = (more: object): object => ({
    name: 'predictions',
    brokers: [kafka.broker],
    group: 'mlfi',
    session_timeout: '6s',
    ...more,
  });

  // They mostly wait.
  it.concurrent(
    'counts each of 20,000 records once, though mlfi is killed twice and another member joins and leaves',
    async ({ expect }) => {
      await kafka.createTopic('fraud', 3);
      const mlfi = await watching([source({ topics: ['fraud'], model: 'fraud' })], ['fraud']);
      const total = (): Promise<number> => mlfi.total('fraud');
      await kafka.send('fraud', rows(0, 8_000, 3));
      await mlfi.start();
      try {
        for (const [seen, sent] of [
          [1, 8_000],
          [8_001, 14_000],
        ] as const) {
          await expect.poll(total, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(seen);
          await mlfi.end();
          await kafka.send('fraud', rows(sent, 6_000, 3));
          await mlfi.start();
        }
        // It takes partitions, commits nothing, and gives them back.
        const other = new Consumer({
          clientId: 'other',
          groupId: 'mlfi',
          bootstrapBrokers: [kafka.broker],
          autocommit: false,
        });
        const stream = await other.consume({ topics: ['fraud'], mode: 'committed', fallbackMode: 'earliest' });
        stream.on('error', () => undefined);
        stream.resume();
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await other.close(true);
        await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(20_000);
        await expect
          .poll(() => kafka.committed('mlfi', 'fraud', 3), { timeout: 30_000 })
          .toEqual([6_667, 6_667, 6_666]);
        expect(await total()).toBe(20_000);
        await expect.poll(() => mlfi.metric('mlfi_kafka_lag_records'), { timeout: 30_000 }).toBe(0);
        expect(await mlfi.metric('mlfi_kafka_position_offset')).toBe(20_000);
        expect(await mlfi.metric('mlfi_kafka_up', 'source="predictions"')).toBe(1);
      } finally {
        await mlfi.remove();
      }
    },
  );

  it.concurrent('refuses what is no row, counts it by model and reason, and goes on behind it', async ({ expect }) => {
    await kafka.createTopic('mixed', 1);
    const mlfi = await watching([source({ topics: ['mixed'], group: 'mixed' })], ['churn', 'fraud']);
    const named = (model: string, more: object): string =>
      JSON.stringify({ model_id: model, features: { a: 1 }, ...more });
    await kafka.send(
      'mixed',
      [
        named('churn', { prediction: 'y' }),
        named('churn', { prediction: 'y', features: 'CANARYvalue' }),
        '{"model_id":"fraud","prediction":',
        Buffer.from([0x1f, 0x8b, 0, 1, 2]),
        `[${named('fraud', { prediction: 'y' })},\n${named('fraud', { prediction: 'n' })}]`,
        `${named('fraud', { prediction: 'y' })}\n${named('fraud', { prediction: 'n' })}\n`,
        named('churn', { prediction: 'n' }),
      ].map((value) => ({ partition: 0, value })),
    );
    await mlfi.start();
    try {
      await expect.poll(() => kafka.committed('mixed', 'mixed', 1), { timeout: 40_000 }).toEqual([7]);
      expect(await mlfi.total('churn')).toBe(2);
      expect(await mlfi.total('fraud')).toBe(4);
      expect(await mlfi.metric('mlfi_ingest_rejected_total', 'model_name="churn",reason="bad_features"')).toBe(1);
      expect(await mlfi.metric('mlfi_kafka_records_total', 'outcome="refused"')).toBe(3);
      expect(mlfi.said()).toContain('bad_features');
      expect(mlfi.said()).not.toContain('CANARY');
    } finally {
      await mlfi.remove();
    }
  });

  it.concurrent(
    'joins CloudEvents, holds the offset at a request without an answer, and counts no call twice after a kill',
    async ({ expect }) => {
      await kafka.createTopic('calls', 2);
      const mlfi = await watching([source({ topics: ['calls'], group: 'calls', format: 'cloudevents' })], [], {
        intake: { pairing: { wait: '6s' } },
      });
      const call = (i: number): Sent[] => [
        { partition: 0, value: request(i), headers: half('request', `c${i}`) },
        { partition: 1, value: response(i), headers: half('response', `c${i}`) },
      ];
      const structured: Sent = {
        partition: 0,
        value: JSON.stringify({
          ...{ specversion: '1.0', id: 's1', type: 'row', source: '/x', modelid: 'credit' },
          data: { features: { a: 1 }, prediction: 'y' },
        }),
      };
      const [lone, answer] = call(-1);
      // At offset 20 of partition 0 stands a request whose response comes later.
      await kafka.send('calls', [...Array.from({ length: 20 }, (_, i) => call(i)).flat(), ...(lone ? [lone] : [])]);
      await kafka.send('calls', [...Array.from({ length: 20 }, (_, i) => call(100 + i)).flat(), structured]);
      await mlfi.start();
      try {
        await expect.poll(() => mlfi.total('credit'), { timeout: 40_000 }).toBe(41);
        await expect.poll(() => kafka.committed('calls', 'calls', 2), { timeout: 30_000 }).toEqual([20, 40]);
        await mlfi.end();
        if (answer) await kafka.send('calls', [answer]);
        await mlfi.start();
        await expect.poll(() => mlfi.total('credit'), { timeout: 40_000 }).toBe(42);
        await expect.poll(() => kafka.committed('calls', 'calls', 2), { timeout: 30_000 }).toEqual([42, 41]);
        expect(await mlfi.metric('mlfi_kafka_records_total', 'outcome="known"')).toBe(21);
        // One that is never answered is given up, and told.
        await kafka.send('calls', [{ partition: 0, value: request(7), headers: half('request', 'never') }]);
        await expect.poll(() => kafka.committed('calls', 'calls', 2), { timeout: 40_000 }).toEqual([43, 41]);
        expect(await mlfi.metric('mlfi_kafka_records_total', 'outcome="unanswered"')).toBe(1);
        expect(await mlfi.total('credit')).toBe(43);
      } finally {
        await mlfi.remove();
      }
    },
  );

  it.concurrent(
    'reads over TLS with a password, tells a wrong one without saying it, and leaves its group when it stops',
    async ({ expect }) => {
      await kafka.createTopic('secured', 1);
      await kafka.send('secured', rows(0, 10, 1));
      const secured = (name: string): object => ({
        ...source({ name, topics: ['secured'], group: name, model: 'fraud', brokers: [kafka.securedBroker] }),
        session_timeout: '2m',
        tls: { ca_file: caFile },
        sasl: { username: 'mlfi', password_secret: name },
      });
      const mlfi = await watching([secured('right'), secured('wrong')], ['fraud'], {
        secrets: { right: { value: 'canary-password' }, wrong: { value: 'canary-mistake' } },
      });
      const service = await mlfi.start();
      try {
        await expect.poll(() => mlfi.total('fraud'), { timeout: 40_000 }).toBe(10);
        await expect.poll(() => mlfi.metric('mlfi_kafka_up', 'source="right"'), { timeout: 30_000 }).toBe(1);
        await expect.poll(() => mlfi.said(), { timeout: 40_000 }).toContain('Kafka cannot be read');
        expect(mlfi.said()).toMatch(/"source":"wrong".+"error":"[^"]*[Aa]uthenticat/);
        expect(mlfi.said()).not.toContain('canary-');
        const beginMs = Date.now();
        await mlfi.end('SIGTERM');
        expect(await service.exited).toBe(0);
        expect(Date.now() - beginMs).toBeLessThan(20_000);
        await kafka.send('secured', rows(10, 10, 1));
        await mlfi.start();
        // Sooner than a member that is gone would be missed.
        await expect.poll(() => mlfi.total('fraud'), { timeout: 60_000 }).toBe(20);
      } finally {
        await mlfi.remove();
      }
    },
  );

  it.concurrent(
    'reads with each kind of password and with a certificate, and config check --online says beforehand what would not',
    async ({ expect }) => {
      await kafka.createTopic('kinds', 2);
      await kafka.send('kinds', rows(0, 10, 2));
      const kind = (name: string, model: string, more: object): object =>
        source({ name, topics: ['kinds'], group: name, model, ...more });
      const withPassword = (mechanism: string, secret = 'right'): object => ({
        brokers: [kafka.securedBroker],
        tls: { ca_file: caFile },
        sasl: { mechanism, username: 'mlfi', password_secret: secret },
      });
      const certificate = { cert_file: member.certFile, key_file: join(folder, 'member-key.pem') };
      const good = [
        kind('plain', 'a', withPassword('plain')),
        kind('scram', 'b', withPassword('scram-sha-256')),
        kind('mutual', 'c', { brokers: [kafka.mutualBroker], tls: { ca_file: caFile, ...certificate } }),
      ];
      const secrets = { right: { value: 'canary-password' }, wrong: { value: 'canary-mistake' } };
      const checked = async (sources: readonly object[]): Promise<[code: number, said: string]> => {
        const file = join(folder, `${sources.length}.yml`);
        writeFileSync(
          file,
          JSON.stringify({ models: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], secrets, sources: { kafka: sources } }),
        );
        const said: string[] = [];
        const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
        const code = await configCheck({ tryModels, tryTopics }, file, true).finally(() => log.mockRestore());
        return [code, said.join('\n')];
      };
      const [code, said] = await checked(good);
      for (const name of ['plain', 'scram', 'mutual']) expect(said).toContain(`Kafka, ${name}: kinds (2 partitions)`);
      expect(code).toBe(0);
      const bad = [
        kind('mistyped', 'a', withPassword('plain', 'wrong')),
        kind('uncertified', 'b', { brokers: [kafka.mutualBroker], tls: { ca_file: caFile } }),
        kind('nowhere', 'c', { topics: ['kindz'] }),
      ];
      const [badCode, refused] = await checked([...bad, good[0] ?? {}]);
      expect(badCode).toBe(2);
      expect(refused).toMatch(/Kafka, mistyped: not read\. .*[Aa]uthenticat/);
      expect(refused).toMatch(/Kafka, uncertified: not read\. /);
      expect(refused).toMatch(/Kafka, nowhere: not read\. /);
      expect(refused).not.toContain('canary-');
      const mlfi = await watching(good, ['a', 'b', 'c'], { secrets });
      await mlfi.start();
      try {
        for (const id of ['a', 'b', 'c']) await expect.poll(() => mlfi.total(id), { timeout: 40_000 }).toBe(10);
      } finally {
        await mlfi.remove();
      }
    },
  );

  // By itself: the broker is the others’, too.
  it('starts without a broker, tells so, and goes on where it was when one goes and comes', async () => {
    await kafka.createTopic('away', 1);
    const mlfi = await watching([source({ topics: ['away'], group: 'away', model: 'fraud' })], ['fraud']);
    await kafka.send('away', rows(0, 100, 1));
    await kafka.kill();
    await mlfi.start();
    try {
      await expect.poll(() => mlfi.said(), { timeout: 40_000 }).toContain('Kafka cannot be read');
      expect(await mlfi.metric('mlfi_kafka_up')).toBe(0);
      expect(await mlfi.status('fraud')).toContain('rows in Kafka');
      await kafka.startAgain();
      await expect.poll(() => mlfi.total('fraud'), { timeout: 40_000 }).toBe(100);
      await expect.poll(() => mlfi.metric('mlfi_kafka_up'), { timeout: 30_000 }).toBe(1);
      expect(await mlfi.status('fraud')).not.toContain('rows in Kafka');
      await kafka.kill();
      await kafka.startAgain();
      await kafka.send('away', rows(100, 100, 1));
      await expect.poll(() => mlfi.total('fraud'), { timeout: 60_000 }).toBe(200);
      // Each reason once in each of two outages.
      const reasons = mlfi.said().match(/"error":"[^"]*"(?=.*Kafka cannot be read)/g) ?? [];
      const times = new Map<string, number>();
      for (const reason of reasons.map((text) => text.replace(/\d+/g, '#')))
        times.set(reason, (times.get(reason) ?? 0) + 1);
      expect(times.size).toBeGreaterThan(0);
      expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
    } finally {
      await mlfi.remove();
    }
  });
});
