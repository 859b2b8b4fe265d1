import { isAppError, NotFound, TooManyRequests, Unavailable } from '../../../domain/errors.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { IngestBatch, RowTaker } from '../../../domain/ingest.js';
import type { QueuePlace } from '../../../domain/intake-queue.js';
import type { ConnectKafka, KafkaConnection, KafkaOffset } from '../../../domain/kafka-connection.js';
import type { KafkaSource } from '../../../domain/kafka-source.js';
import { LogMovedOn, type LogPositions } from '../../../domain/log-position.js';
import type { Clock, Logger } from '../../../domain/ports.js';
import { unlessAborted } from '../../../domain/unless-aborted.js';
import { causesOf, hasCertificate } from './causes-of.js';
import { ModelPositions } from './model-positions.js';
import { Progress, type PartitionProgress } from './progress.js';
import type { LoggedRecord, Portion, Reading, RecordOutcome, RecordReader } from './reading.js';
import { UntoldRefusals } from './untold-refusals.js';

export interface KafkaConsumerPorts {
  readonly connect: ConnectKafka;
  /** Made anew with every assignment of partitions. */
  readonly readerOf: (source: KafkaSource, positions: ModelPositions) => RecordReader;
  readonly models: Pick<RowTaker, 'ingest'>;
  /** Positions of a model as stored. @throws Unavailable when they cannot be read */
  readonly positionsOf: (model: ModelId) => Promise<LogPositions>;
  readonly enter: (whom: string) => QueuePlace;
  /** Whether another mlfi has taken the store over. */
  readonly isStoreAnothers: () => boolean;
  readonly maximumRecordBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Since when no broker could be read; null when one is. */
  readonly told: (source: KafkaSource, awaySinceMs: number | null) => void;
  readonly count: (source: KafkaSource, outcome: RecordOutcome, records: number) => void;
  /** Memory of what waits for its other half. */
  readonly waits: (source: KafkaSource, bytes: number) => void;
  /** How far the partitions of this member are read; all of them each time. */
  readonly progressed: (source: KafkaSource, partitions: readonly PartitionProgress[]) => void;
}

const RECORDS_TOGETHER = 1_000;
const WAIT_MS = 500;
const FIRST_BACK_OFF_MS = 1_000;
const LONGEST_BACK_OFF_MS = 10_000;
/** How often it is asked where partitions end. */
const ENDS_ASKED_MS = 5_000;
/** What waits for longer is told. */
const WAIT_TOLD_MS = 10_000;
const TOO_LARGE_TOLD_MS = 60_000;
const MOST_REASONS = 10;

/** One connection, and what is remembered of its assignment of partitions. */
interface Following {
  readonly connection: KafkaConnection;
  /** Called once records can be read. */
  readonly isUp: () => void;
  generation: number | null;
  reader: RecordReader;
  progress: Progress;
  endsAskedAtMs: number;
}

/**
 * Reads the topics of a source, each record once: what is taken of a partition is stored with the rows it held, and told to
 * Kafka only then. Nothing that cannot be taken now is passed over: it is tried again, and nothing more is read meanwhile.
 */
export class KafkaConsumer {
  private awaySinceMs: number | null = null;
  /** Why it is away, as told; what changes from try to try is left out. */
  private readonly toldReasons = new Set<string>();
  private readonly refusals = new UntoldRefusals();
  private waitsSinceMs: number | null = null;
  private isWaitTold = false;
  private tooLargeToldAtMs = -Infinity;
  private readonly deletedUpTo = new Map<string, number>();

  constructor(
    private readonly ports: KafkaConsumerPorts,
    private readonly source: KafkaSource,
  ) {}

  /** Reads until it is told to stop; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let backOffMs = FIRST_BACK_OFF_MS;
    while (!signal.aborted) {
      try {
        this.expectOwnStore();
        await this.connected(signal, () => {
          backOffMs = FIRST_BACK_OFF_MS;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
        await this.ports.clock.sleep(backOffMs, signal);
        backOffMs = Math.min(LONGEST_BACK_OFF_MS, backOffMs * 2);
      }
    }
  }

  /** @param isUp called once records can be read */
  private async connected(signal: AbortSignal, isUp: () => void): Promise<void> {
    const connecting = this.ports.connect(this.source);
    const connection = await unlessAborted(() => connecting, signal);
    if (connection === null) {
      void connecting.then(
        (late) => late.close(),
        () => undefined,
      );
      return;
    }
    try {
      await this.follow(connection, signal, isUp);
    } finally {
      this.ports.waits(this.source, 0);
      await connection.close();
    }
  }

  private async follow(connection: KafkaConnection, signal: AbortSignal, isUp: () => void): Promise<void> {
    const following: Following = { connection, isUp, generation: null, ...this.anew() };
    while (!signal.aborted) {
      this.expectOwnStore();
      const chunk = await connection.take(RECORDS_TOGETHER, WAIT_MS, signal);
      if (chunk.generation !== following.generation)
        Object.assign(following, { generation: chunk.generation, ...this.anew() });
      const { reader, progress } = following;
      const fetched: LoggedRecord[] = [];
      for (const record of chunk.records) fetched.push({ ...record, log: await this.logOf(connection, record) });
      const records = onceEach(fetched);
      this.ports.count(this.source, 'known', fetched.length - records.length);
      await this.takeAll(following, this.withoutTooLarge(records), signal);
      this.tellRefusals();
      if (signal.aborted) return;
      for (const record of records) progress.read(record);
      for (const place of chunk.reached) progress.reached({ ...place, log: await this.logOf(connection, place) });
      const due = progress.due((log) => reader.heldAt(log));
      if (due.length > 0) await connection.commit(chunk.generation, due);
      progress.committed(due);
      this.ports.waits(this.source, reader.waitingBytes);
      await this.tellProgress(following);
    }
  }

  /** What is remembered of an assignment of partitions that has just begun. */
  private anew(): Pick<Following, 'reader' | 'progress' | 'endsAskedAtMs'> {
    return { reader: this.newReader(), progress: new Progress(this.deletedUpTo), endsAskedAtMs: -Infinity };
  }

  /** Asks where partitions end, now and then. */
  private async tellProgress(following: Following): Promise<void> {
    const { connection, progress } = following;
    const nowMs = this.ports.clock.now();
    // Also by a clock that was set back.
    if (Math.abs(nowMs - following.endsAskedAtMs) < ENDS_ASKED_MS) return;
    following.endsAskedAtMs = nowMs;
    const ends = await connection.ends();
    for (const { topic, partition, records } of progress.deleted(ends)) {
      this.ports.count(this.source, 'deleted', records);
      this.ports.logger.warn(
        { source: this.source.name, topic, partition, records },
        'Kafka deleted records before they were read; they are not in any figure',
      );
    }
    this.ports.progressed(this.source, progress.against(ends));
    // What has been asked has been answered.
    this.arrived();
    following.isUp();
  }

  /** @throws when this one can write nothing any more: whoever reads on keeps partitions from the one that can */
  private expectOwnStore(): void {
    if (this.ports.isStoreAnothers())
      throw new Error('another mlfi has taken the store over, and reads what this one read');
  }

  /** Records that may be read at all; the others are refused. */
  private withoutTooLarge(records: readonly LoggedRecord[]): readonly LoggedRecord[] {
    const { maximumRecordBytes, clock, logger, count } = this.ports;
    return records.filter(({ topic, partition, offset, value }) => {
      const bytes = value?.length ?? 0;
      if (bytes <= maximumRecordBytes) return true;
      count(this.source, 'refused', 1);
      if (Math.abs(clock.now() - this.tooLargeToldAtMs) >= TOO_LARGE_TOLD_MS) {
        this.tooLargeToldAtMs = clock.now();
        logger.warn(
          { source: this.source.name, topic, partition, offset, bytes, maximum: maximumRecordBytes },
          'a record larger than http.maximum_body was refused',
        );
      }
      return false;
    });
  }

  private newReader(): RecordReader {
    return this.ports.readerOf(this.source, new ModelPositions(this.ports.positionsOf));
  }

  /** A topic that is made anew, or is another cluster's, is another log. */
  private async logOf(connection: KafkaConnection, { topic, partition }: KafkaOffset): Promise<string> {
    return `${this.source.group}/${topic}/${await connection.idOf(topic)}/${partition}`;
  }

  /** Resolves when all of it is stored, or the source is stopped. @throws LogMovedOn, or what is no answer of mlfi's own */
  private async takeAll(following: Following, records: readonly LoggedRecord[], signal: AbortSignal): Promise<void> {
    const { enter, clock } = this.ports;
    const { reader } = following;
    const place = enter(this.source.model ?? `kafka ${this.source.name}`);
    const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    try {
      await this.untilDone(() => Promise.resolve(place.grow(bytes)), following, signal);
      const read = await this.untilDone(() => reader.read(records, clock.now()), following, signal);
      if (read === null) return;
      const lone = reader.giveUp(clock.now());
      await this.store([...read.portions, ...lone.portions], following, signal);
      if (signal.aborted) return;
      this.tell(read, lone);
      this.waitedNoMore();
    } finally {
      place.leave();
    }
  }

  private tell(...readings: readonly Reading[]): void {
    for (const { outcomes } of readings)
      for (const [outcome, records] of outcomes) this.ports.count(this.source, outcome, records);
  }

  /** All at once, for they are committed together; those of one model come in their order. */
  private async store(portions: readonly Portion[], following: Following, signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled(portions.map((portion) => this.take(portion, following, signal)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private async take(
    { model, sender, batch, steps, recordOf }: Portion,
    following: Following,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, topics } = this.source;
    const source = topics.length === 1 ? `Kafka topic ${topics[0] ?? ''}` : `Kafka source ${name}`;
    const whole: IngestBatch = {
      ...batch,
      sender,
      source,
      steps,
      batchId: null,
      bodyDigest: null,
      acknowledge: 'commit',
    };
    const taken = await this.untilDone(
      async () => {
        try {
          return await this.ports.models.ingest(model, whole);
        } catch (error) {
          // It was removed meanwhile, and its position with it.
          if (error instanceof NotFound) return null;
          throw error;
        }
      },
      following,
      signal,
    );
    const [first] = taken?.errors ?? [];
    if (taken === null || first === undefined) return;
    const { rejected: rows, rejectedByReason: reasons } = taken;
    this.refusals.note({ model, rows, reasons, first, record: recordOf?.(first.line) ?? null });
  }

  private tellRefusals(): void {
    for (const { model, rows, reasons, first, record } of this.refusals.due(this.ports.clock.now()))
      this.ports.logger.warn(
        {
          ...{ source: this.source.name, model, refused: rows, reasons },
          first: { ...record, reason: first.reason, ...(first.field === '' ? {} : { field: first.field }) },
        },
        'rows of a topic were refused',
      );
  }

  /** Tries until it works; meanwhile nothing more is read. Null when the source is stopped before. */
  private async untilDone<T>(work: () => Promise<T>, following: Following, signal: AbortSignal): Promise<T | null> {
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Unavailable) && !(error instanceof TooManyRequests)) throw error;
        this.waited(error.message);
        this.expectOwnStore();
        await this.tellProgress(following);
        await this.ports.clock.sleep(FIRST_BACK_OFF_MS, signal);
      }
    }
    return null;
  }

  private waited(error: string): void {
    const { clock, logger } = this.ports;
    const about = { source: this.source.name, error };
    logger.debug(about, 'a topic waits');
    this.waitsSinceMs ??= clock.now();
    if (this.isWaitTold || Math.abs(clock.now() - this.waitsSinceMs) < WAIT_TOLD_MS) return;
    this.isWaitTold = true;
    logger.warn(about, 'the topics of a source wait; it is tried again');
  }

  private waitedNoMore(): void {
    if (this.isWaitTold) this.ports.logger.info({ source: this.source.name }, 'the topics of a source are read on');
    this.waitsSinceMs = null;
    this.isWaitTold = false;
  }

  private arrived(): void {
    if (this.awaySinceMs !== null) this.ports.logger.info({ source: this.source.name }, 'Kafka can be read again');
    this.awaySinceMs = null;
    this.toldReasons.clear();
    this.ports.told(this.source, null);
  }

  /** Each reason of an outage is told once. */
  private failed(error: unknown): void {
    const { source } = this;
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof LogMovedOn) {
      this.ports.logger.warn({ source: source.name, error: text }, 'a topic is read again from where it is stored');
      return;
    }
    const reason = isAppError(error) ? text : causesOf(error, hasCertificate(source));
    const kind = reason.replace(/\d+/g, '#');
    if (!this.toldReasons.has(kind) && this.toldReasons.size < MOST_REASONS) {
      this.toldReasons.add(kind);
      this.ports.logger.error(
        { source: source.name, brokers: source.brokers, error: reason },
        'Kafka cannot be read; it is tried again',
      );
    }
    this.awaySinceMs ??= this.ports.clock.now();
    this.ports.told(source, this.awaySinceMs);
    this.ports.progressed(source, []);
  }
}

/** While the leader of a partition changes, both brokers may be asked for the same records, and what they send comes together. */
function onceEach(records: readonly LoggedRecord[]): readonly LoggedRecord[] {
  const next = new Map<string, number>();
  return records.filter(({ log, offset }) => {
    const isNew = offset >= (next.get(log) ?? 0);
    if (isNew) next.set(log, offset + 1);
    return isNew;
  });
}
