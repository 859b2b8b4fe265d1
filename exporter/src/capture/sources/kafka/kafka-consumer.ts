import { isAppError, NotFound, TooManyRequests, Unavailable } from '../../../domain/errors.js';
import type { ModelId } from '../../../domain/identifiers.js';
import type { IngestBatch, RowTaker } from '../../../domain/ingest.js';
import type { QueuePlace } from '../../../domain/intake-queue.js';
import type { ConnectKafka, KafkaConnection, KafkaOffset } from '../../../domain/kafka-connection.js';
import type { KafkaSource } from '../../../domain/kafka-source.js';
import { LogMovedOn, type LogPositions } from '../../../domain/log-position.js';
import type { Clock, Logger } from '../../../domain/ports.js';
import { unlessAborted } from '../../../domain/unless-aborted.js';
import { causesOf } from './causes-of.js';
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

/**
 * Reads the topics of a source, each record once: what is taken of a partition is stored with the rows it held, and told to
 * Kafka only then. Nothing that cannot be taken now is passed over: it is tried again, and nothing more is read meanwhile.
 */
export class KafkaConsumer {
  private awaySinceMs: number | null = null;
  private readonly refusals = new UntoldRefusals();

  constructor(
    private readonly ports: KafkaConsumerPorts,
    private readonly source: KafkaSource,
  ) {}

  /** Reads until it is told to stop; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let backOffMs = FIRST_BACK_OFF_MS;
    while (!signal.aborted) {
      try {
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
    const { clock } = this.ports;
    let generation: number | null = null;
    let reader = this.newReader();
    let progress = new Progress();
    let endsAskedAtMs = -Infinity;
    while (!signal.aborted) {
      const chunk = await connection.take(RECORDS_TOGETHER, WAIT_MS, signal);
      if (chunk.generation !== generation) {
        generation = chunk.generation;
        reader = this.newReader();
        progress = new Progress();
        endsAskedAtMs = -Infinity;
      }
      const records: LoggedRecord[] = [];
      for (const record of chunk.records) records.push({ ...record, log: await this.logOf(connection, record) });
      await this.takeAll(reader, records, signal);
      this.tellRefusals();
      if (signal.aborted) return;
      for (const record of records) progress.read(record);
      const due = progress.due((log) => reader.heldAt(log));
      if (due.length > 0) await connection.commit(chunk.generation, due);
      progress.committed(due);
      this.ports.waits(this.source, reader.waitingBytes);
      // Also by a clock that was set back.
      if (Math.abs(clock.now() - endsAskedAtMs) >= ENDS_ASKED_MS) {
        endsAskedAtMs = clock.now();
        this.ports.progressed(this.source, progress.against(await connection.ends()));
        // What has been asked has been answered.
        this.arrived();
        isUp();
      }
    }
  }

  private newReader(): RecordReader {
    return this.ports.readerOf(this.source, new ModelPositions(this.ports.positionsOf));
  }

  /** A topic that is made anew, or is another cluster's, is another log. */
  private async logOf(connection: KafkaConnection, { topic, partition }: KafkaOffset): Promise<string> {
    return `${this.source.group}/${topic}/${await connection.idOf(topic)}/${partition}`;
  }

  /** Resolves when all of it is stored, or the source is stopped. @throws LogMovedOn, or what is no answer of mlfi's own */
  private async takeAll(reader: RecordReader, records: readonly LoggedRecord[], signal: AbortSignal): Promise<void> {
    const { enter, clock } = this.ports;
    const place = enter(this.source.model ?? `kafka ${this.source.name}`);
    const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    try {
      await this.untilDone(() => Promise.resolve(place.grow(bytes)), signal);
      const read = await this.untilDone(() => reader.read(records, clock.now()), signal);
      if (read === null) return;
      const lone = reader.giveUp(clock.now());
      await this.store([...read.portions, ...lone.portions], signal);
      if (!signal.aborted) this.tell(read, lone);
    } finally {
      place.leave();
    }
  }

  private tell(...readings: readonly Reading[]): void {
    for (const { outcomes } of readings)
      for (const [outcome, records] of outcomes) this.ports.count(this.source, outcome, records);
  }

  /** All at once, for they are committed together; those of one model come in their order. */
  private async store(portions: readonly Portion[], signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled(portions.map((portion) => this.take(portion, signal)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private async take({ model, sender, batch, steps }: Portion, signal: AbortSignal): Promise<void> {
    const whole: IngestBatch = { ...batch, sender, steps, batchId: null, bodyDigest: null, acknowledge: 'commit' };
    const taken = await this.untilDone(async () => {
      try {
        return await this.ports.models.ingest(model, whole);
      } catch (error) {
        // It was removed meanwhile, and its position with it.
        if (error instanceof NotFound) return null;
        throw error;
      }
    }, signal);
    const [first] = taken?.errors ?? [];
    if (taken !== null && first !== undefined) this.refusals.note({ model, rows: taken.rejected, first });
  }

  private tellRefusals(): void {
    for (const { model, rows, first } of this.refusals.due(this.ports.clock.now()))
      this.ports.logger.warn(
        { source: this.source.name, model, refused: rows, reason: first.reason, field: first.field },
        'rows of a topic were refused',
      );
  }

  /** Tries until it works; meanwhile nothing more is read. Null when the source is stopped before. */
  private async untilDone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Unavailable) && !(error instanceof TooManyRequests)) throw error;
        this.ports.logger.debug({ source: this.source.name, error: error.message }, 'a topic waits');
        await this.ports.clock.sleep(FIRST_BACK_OFF_MS, signal);
      }
    }
    return null;
  }

  private arrived(): void {
    if (this.awaySinceMs !== null) this.ports.logger.info({ source: this.source.name }, 'Kafka can be read again');
    this.awaySinceMs = null;
    this.ports.told(this.source, null);
  }

  /** An outage is told once. */
  private failed(error: unknown): void {
    const { source } = this;
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof LogMovedOn) {
      this.ports.logger.warn({ source: source.name, error: text }, 'a topic is read again from where it is stored');
      return;
    }
    if (this.awaySinceMs === null)
      this.ports.logger.error(
        { source: source.name, brokers: source.brokers, error: isAppError(error) ? text : causesOf(error) },
        'Kafka cannot be read; it is tried again',
      );
    this.awaySinceMs ??= this.ports.clock.now();
    this.ports.told(source, this.awaySinceMs);
    this.ports.progressed(source, []);
  }
}
