import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BatchReader } from '../../../../../exporter/src/capture/ingest/batch-reader.js';
import { EventReader } from '../../../../../exporter/src/capture/sources/kafka/event-reader.js';
import {
  KafkaConsumer,
  type KafkaConsumerPorts,
} from '../../../../../exporter/src/capture/sources/kafka/kafka-consumer.js';
import { RowReader } from '../../../../../exporter/src/capture/sources/kafka/row-reader.js';
import { TooManyRequests, Unavailable } from '../../../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../../../exporter/src/domain/identifiers.js';
import {
  DEFAULT_INTAKE_LIMITS,
  type IngestBatch,
  type IngestResult,
} from '../../../../../exporter/src/domain/ingest.js';
import type { KafkaConnection, KafkaRecord } from '../../../../../exporter/src/domain/kafka-connection.js';
import type { KafkaSource } from '../../../../../exporter/src/domain/kafka-source.js';
import type { LogPositions } from '../../../../../exporter/src/domain/log-position.js';
import { PositionsInCommit } from '../../../../../exporter/src/monitoring/log-positions.js';
import { seededRandom } from '../../../../../exporter/src/system/seeded-random.js';
import { QUIET_LOGGER } from '../../../monitoring/fleet-on-memory.js';

const MODEL = modelId('fraud');
const PARTITIONS = [0, 1, 2];

const source = (format: KafkaSource['format'], model = format === 'rows' ? MODEL : null): KafkaSource => ({
  name: 'predictions',
  brokers: ['127.0.0.1:9092'],
  topics: ['t'],
  group: 'g',
  format,
  model,
  start: 'earliest',
  sessionTimeoutMs: 45_000,
  tls: null,
  sasl: null,
});

/** A topic, its group, a store that commits or not, and consumers that come and go. */
class World {
  readonly topic: KafkaRecord[][] = PARTITIONS.map(() => []);
  readonly committed = PARTITIONS.map(() => 0);
  stored: LogPositions = new Map();
  readonly counted = new Map<string, number>();
  readonly outcomes = new Map<string, number>();
  readonly away: (number | null)[] = [];
  /** What goes wrong at the next take of rows. */
  refusal: () => 'before' | 'after' | null = () => null;
  /** When the members of the group change. */
  rebalances: () => boolean = () => false;
  /** When a partition is fetched from two brokers at once. */
  fetchesTwice: () => boolean = () => false;
  isFull: () => boolean = () => false;
  isGone: () => boolean = () => false;
  reason: () => string = () => 'no broker';
  isAnothers = false;
  refusals = 0;
  closed = 0;
  readonly errors: { readonly error?: unknown }[] = [];
  readonly lags: number[] = [];
  /** The oldest offset of each partition. */
  first = 0;
  /** How long a look at the clock takes. */
  tickMs = 1;
  readonly warnings: object[] = [];
  takes = 0;
  /** What rows are told to be read from. */
  readonly sources = new Set<string | undefined>();
  commitsAhead = 0;
  commitsBack = 0;
  connections = 0;
  private nowMs = 1e12;

  private readonly source: KafkaSource;

  constructor(
    private readonly format: KafkaSource['format'] = 'rows',
    model?: ModelId | null,
  ) {
    this.source = source(format, model);
  }

  append(partition: number, value: string | null, headers: Readonly<Record<string, string>> = {}): void {
    const records = this.topic[partition] ?? [];
    records.push({
      ...{ topic: 't', partition, offset: records.length },
      value: value === null ? null : Buffer.from(value),
      headers: new Map(Object.entries(headers)),
    });
  }

  private ingest(batch: IngestBatch): Promise<IngestResult> {
    this.takes += 1;
    this.sources.add(batch.source);
    const refusal = this.refusal();
    if (refusal === 'before') return Promise.reject(new Unavailable('away'));
    const positions = new PositionsInCommit(this.stored);
    const movedOn = positions.take(batch.steps ?? []);
    if (movedOn !== null) return Promise.reject(movedOn);
    this.stored = positions.changed ?? this.stored;
    for (const { predictionId } of batch.observations)
      this.counted.set(predictionId ?? '', (this.counted.get(predictionId ?? '') ?? 0) + 1);
    if (refusal === 'after') return Promise.reject(new Unavailable('nobody knows'));
    const { rejected, rejectedByReason, errors, notes } = batch;
    const none = { labelsInRows: 0, labelsMatched: 0, labelsUnmatched: 0, labelsWaiting: 0, duplicate: false };
    return Promise.resolve({ ...none, accepted: batch.observations.length, rejected, rejectedByReason, errors, notes });
  }

  private connect(): Promise<KafkaConnection> {
    if (this.isGone()) return Promise.reject(new Error(this.reason()));
    this.connections += 1;
    let at = [...this.committed];
    let generation = 1;
    const { topic, committed } = this;
    const next = (most: number): KafkaRecord[] =>
      PARTITIONS.flatMap((partition) => {
        const records = (topic[partition] ?? []).slice(at[partition], (at[partition] ?? 0) + most);
        at[partition] = (at[partition] ?? 0) + records.length;
        return this.fetchesTwice() ? [...records, ...records] : records;
      });
    return Promise.resolve({
      get generation() {
        return generation;
      },
      take: async () => {
        await setImmediate();
        if (this.isGone()) throw new Error('connection lost');
        if (this.rebalances()) {
          generation += 1;
          at = [...committed];
        }
        const records = next(7);
        const reached = at.map((offset, partition) => ({ topic: 't', partition, offset }));
        return { generation, records, reached };
      },
      idOf: () => Promise.resolve('id'),
      commit: (given, offsets) => {
        if (given !== generation) return Promise.resolve();
        for (const { partition, offset } of offsets) {
          const stored = this.stored.get(`g/t/id/${partition}`)?.next ?? 0;
          const unstored = topic[partition]?.slice(stored, offset).some(({ value }) => value !== null);
          if (this.format === 'rows' && unstored === true) this.commitsAhead += 1;
          if (offset < (committed[partition] ?? 0)) this.commitsBack += 1;
          committed[partition] = offset;
        }
        return Promise.resolve();
      },
      ends: () =>
        Promise.resolve(
          PARTITIONS.map((partition) => ({
            topic: 't',
            partition,
            offset: topic[partition]?.length ?? 0,
            committed: 0,
            first: this.first,
          })),
        ),
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      },
    });
  }

  private ports(): KafkaConsumerPorts {
    const settings = {
      ...DEFAULT_INTAKE_LIMITS,
      models: new Map(),
      services: new Map(),
      pairing: { waitMs: 60_000, memoryBytes: 1e6 },
    };
    const models = { has: () => true };
    const ensureWatched = () => Promise.resolve(MODEL);
    return {
      connect: () => this.connect(),
      readerOf: ({ format }, positions) =>
        format === 'rows'
          ? new RowReader(
              {
                batches: new BatchReader(() => settings),
                models,
                services: () => settings.services,
                ensureWatched,
                rowsPerBatch: () => 1_000,
                positions,
              },
              this.source,
            )
          : new EventReader(
              { settings: () => settings, maximumDataBytes: 1_000, models, ensureWatched, positions },
              'predictions',
            ),
      models: { ingest: (_, batch) => this.ingest(batch) },
      positionsOf: () => Promise.resolve(this.stored),
      enter: () => ({
        grow: () => {
          if (this.isFull()) throw new TooManyRequests('full', 1);
        },
        expect: () => undefined,
        leave: () => undefined,
      }),
      isStoreAnothers: () => this.isAnothers,
      maximumRecordBytes: 1_000,
      clock: { now: () => (this.nowMs += this.tickMs), sleep: () => setImmediate() },
      logger: {
        ...QUIET_LOGGER,
        warn: (about) => void this.warnings.push(about),
        error: (about) => void this.errors.push(about),
      },
      told: (_, awaySinceMs) => void this.away.push(awaySinceMs),
      count: (_, outcome, records) => void this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + records),
      waits: () => undefined,
      progressed: (_, partitions) => void this.lags.push(...partitions.map(({ lag }) => lag)),
    };
  }

  /** Reads until `isDone`, with as many consumers as live at once. */
  async read(isDone: () => boolean, consumers = 1): Promise<void> {
    const stop = new AbortController();
    const running = Array.from({ length: consumers }, () =>
      new KafkaConsumer(this.ports(), this.source).run(stop.signal),
    );
    for (let turns = 0; !isDone() && turns < 20_000; turns += 1) await setImmediate();
    expect(isDone()).toBe(true);
    stop.abort();
    await Promise.all(running);
  }

  get total(): number {
    return [...this.counted.values()].reduce((sum, times) => sum + times, 0);
  }
}

const row = (id: string): string => JSON.stringify({ prediction_id: id, features: { a: 1 }, prediction: 'y' });
const half = (side: 'request' | 'response', id: string) => ({
  ...{ ce_id: id, ce_type: `org.kubeflow.serving.inference.${side}`, ce_source: 's', ce_inferenceservicename: 'fraud' },
  'content-type': 'application/json',
});

describe('reading topics', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'counts each row once through kills, rebalances, zombies and a store that comes and goes (%i)',
    async (seed) => {
      const random = seededRandom(seed);
      const chance = (share: number) => (): boolean => random.next() < share;
      const world = new World();
      for (let i = 0; i < 300; i += 1)
        world.append(Math.floor(random.next() * 3), chance(0.05)() ? null : row(`p${i}`));
      const ids = world.topic.flat().filter(({ value }) => value !== null).length;
      world.rebalances = chance(0.1);
      world.fetchesTwice = chance(0.1);
      world.isFull = chance(0.1);
      world.isGone = chance(0.02);
      world.refusal = () => (chance(0.1)() ? 'before' : chance(0.1)() ? 'after' : null);
      for (const share of [0.2, 0.5, 0.8]) await world.read(() => world.total >= ids * share, 1 + (seed % 3));
      await world.read(() => world.total >= ids, 1 + (seed % 3));
      expect(world.counted.size).toBe(ids);
      expect(world.total).toBe(ids);
      expect(world.commitsAhead).toBe(0);
      expect([...world.sources]).toEqual(['Kafka topic t']);
    },
  );

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'counts each call once whose halves are in partitions of their own (%i)',
    async (seed) => {
      const random = seededRandom(seed);
      const chance = (share: number) => (): boolean => random.next() < share;
      const world = new World('cloudevents');
      const late: string[] = [];
      for (let i = 0; i < 100; i += 1) {
        const id = `c${i}`;
        world.append(i % 3, '{"instances":[[1]]}', half('request', id));
        late.push(id);
        if (chance(0.5)()) continue;
        for (const answered of late.splice(0))
          world.append(Math.floor(random.next() * 3), '{"predictions":[1]}', half('response', answered));
      }
      for (const answered of late) world.append(0, '{"predictions":[1]}', half('response', answered));
      world.rebalances = chance(0.1);
      world.refusal = () => (chance(0.1)() ? 'before' : chance(0.1)() ? 'after' : null);
      for (const share of [0.2, 0.5, 0.8]) await world.read(() => world.total >= 100 * share);
      world.rebalances = () => false;
      await world.read(
        () =>
          world.total >= 100 && world.committed.every((offset, partition) => offset === world.topic[partition]?.length),
      );
      expect(world.counted.size).toBe(100);
      expect(world.total).toBe(100);
    },
  );

  it('tries again while the store is away, reads nothing more meanwhile and does not spin', async () => {
    const world = new World();
    for (let i = 0; i < 50; i += 1) world.append(0, row(`p${i}`));
    let tries = 0;
    world.refusal = () => ((tries += 1) <= 20 ? 'before' : null);
    await world.read(() => world.total === 50);
    // One portion waited; the others came one after the other.
    expect(world.takes).toBeLessThanOrEqual(20 + Math.ceil(50 / 7));
  });

  it('tells once that no broker is there, and that one is again', async () => {
    const world = new World();
    world.append(0, row('p'));
    let tries = 0;
    world.isGone = () => (tries += 1) <= 3;
    await world.read(() => world.total === 1 && world.away.at(-1) === null);
    expect(new Set(world.away.filter((since) => since !== null)).size).toBe(1);
  });

  it('tells each reason of an outage once', async () => {
    const world = new World();
    world.append(0, row('p'));
    let tries = 0;
    world.isGone = () => (tries += 1) <= 6;
    world.reason = () => `topic gone ${tries % 2 === 0 ? 'away' : 'wrong'}, try ${tries}`;
    await world.read(() => world.total === 1 && world.away.at(-1) === null);
    expect(world.errors.map(({ error }) => error)).toEqual(['topic gone wrong, try 1', 'topic gone away, try 2']);
  });

  it('leaves its group while another mlfi has the store, and reads on when that one is gone', async () => {
    const world = new World();
    world.append(0, row('p'));
    await world.read(() => world.total === 1);
    const { closed } = world;
    world.append(0, row('q'));
    world.refusal = () => {
      // Seen only when it is to write.
      world.isAnothers = world.refusals === 0;
      world.refusals += 1;
      return world.refusals === 1 ? 'before' : null;
    };
    await world.read(() => {
      if (world.closed > closed && world.isAnothers && world.away.at(-1) !== null) {
        expect(world.total).toBe(1);
        expect(world.connections).toBe(2);
        world.isAnothers = false;
      }
      return world.total === 2;
    });
    expect(world.connections).toBe(3);
    expect(world.errors).toHaveLength(1);
  });

  it('tells what it waits for after a while, with how much waits, and that it goes on', async () => {
    const world = new World();
    world.tickMs = 500;
    for (let i = 0; i < 5; i += 1) world.append(0, row(`p${i}`));
    let tries = 0;
    world.refusal = () => ((tries += 1) < 60 ? 'before' : null);
    await world.read(() => world.total === 5);
    expect(world.warnings).toEqual([{ source: 'predictions', error: 'away' }]);
    expect(world.lags).toContain(5);
    expect(world.away).toContain(null);
  });

  it('refuses what is too large, says where it is, and goes on', async () => {
    const world = new World();
    world.append(0, 'x'.repeat(1_001));
    world.append(0, row('p'));
    await world.read(() => world.committed[0] === 2);
    expect(world.total).toBe(1);
    expect(world.outcomes.get('refused')).toBe(1);
    expect(world.warnings).toEqual([
      { source: 'predictions', topic: 't', partition: 0, offset: 0, bytes: 1_001, maximum: 1_000 },
    ]);
  });

  it('counts what Kafka deleted before it was read', async () => {
    const world = new World();
    for (let i = 0; i < 9; i += 1) world.append(0, row(`p${i}`));
    world.first = 4;
    let turns = 0;
    world.rebalances = () => (turns += 1) === 5;
    await world.read(() => world.outcomes.get('deleted') === 12);
    expect(world.committed[0]).toBe(9);
    // Of each of three partitions.
    expect(world.outcomes.get('deleted')).toBe(12);
    expect(world.warnings).toHaveLength(3);
  });

  it('goes on behind records that are refused', async () => {
    const world = new World();
    for (const value of [
      'no JSON',
      row('a'),
      '\u001F\uFFFD',
      '[{"prediction":',
      row('b'),
      '{"prediction":"y","confidence":7}',
      row('c'),
    ])
      world.append(0, value);
    await world.read(() => world.committed[0] === 7);
    expect([...world.counted.keys()]).toEqual(['a', 'b', 'c']);
    expect(world.outcomes.get('refused')).toBe(4);
  });

  it('tells of a topic of the wrong format at once, and then once a minute', async () => {
    const world = new World();
    for (let i = 0; i < 700; i += 1) world.append(i % 3, `p${i},0.5,yes`);
    await world.read(() => world.outcomes.get('refused') === 700);
    expect(world.warnings).toEqual([
      {
        ...{ source: 'predictions', model: 'fraud', refused: 21, reasons: { not_json: 21 } },
        first: { topic: expect.any(String) as string, partition: 0, offset: 0, reason: 'not_json' },
      },
    ]);
    world.warnings.length = 0;
    world.tickMs = 2_000;
    for (let i = 0; i < 700; i += 1) world.append(i % 3, `q${i},0.5,yes`);
    await world.read(() => world.outcomes.get('refused') === 1_400);
    expect(world.warnings.length).toBeGreaterThan(1);
    expect(world.warnings.length).toBeLessThan(10);
    expect(world.warnings[1]).toMatchObject({ refused: expect.toSatisfy((rows: number) => rows > 40) as unknown });
  });

  it('forgets with its partitions what waited and how far they were read', async () => {
    const world = new World('cloudevents');
    world.append(0, '{"instances":[[1]]}', half('request', 'a'));
    let turns = 0;
    // Another member takes the partitions, gives the request up, goes on, and gives them back.
    world.rebalances = () => {
      turns += 1;
      if (turns === 8) {
        world.append(0, '{"instances":[[1]]}', half('request', 'b'));
        world.append(1, '{"predictions":[1]}', half('response', 'b'));
      }
      if (turns !== 5) return false;
      for (let i = 0; i < 4; i += 1) world.append(0, null);
      world.stored = new Map([['g/t/id/0', { next: 1, open: [], step: 1 }]]);
      world.committed[0] = 5;
      return true;
    };
    await world.read(() => world.total === 1);
    expect(world.commitsBack).toBe(0);
    expect(world.connections).toBe(1);
  });

  const deep = (text: string, levels: number): string => text.repeat(levels);
  const NASTY = [
    deep('[', 300_000) + deep(']', 300_000),
    `{"model_id":"fraud","features":${deep('{"a":', 100_000)}1${deep('}', 100_000)},"prediction":"y"}`,
    `{"model_id":${deep('[', 100_000)}${deep(']', 100_000)}}`,
    `{"specversion":"1.0","id":"1","type":"t","source":"s","modelid":"fraud","data":${deep('[', 100_000)}${deep(']', 100_000)}}`,
    `{"specversion":"1.0","id":"2","type":"org.kubeflow.serving.inference.request","inferenceservicename":"fraud","data":{"instances":${deep('[', 100_000)}${deep(']', 100_000)}}}`,
    `{"specversion":"1.0","id":"2","type":"org.kubeflow.serving.inference.response","inferenceservicename":"fraud","data":{"predictions":${deep('[', 100_000)}${deep(']', 100_000)}}}`,
    '{"__proto__":1,"constructor":2}',
    '\u0000'.repeat(1_000),
    '',
  ];
  it.each([
    ['rows', MODEL],
    ['rows', null],
    ['cloudevents', null],
  ] as const)('goes on behind records that are made to stop it (%s, model %s)', async (format, model) => {
    const world = new World(format, model);
    for (const value of NASTY) world.append(0, value);
    await world.read(() => world.committed[0] === NASTY.length);
    expect(world.away.every((since) => since === null)).toBe(true);
  });
});
