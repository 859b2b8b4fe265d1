import type { Consumer, Message, MessagesStream } from '@platformatic/kafka';
import type { KafkaChunk, KafkaConnection, KafkaEnd, KafkaOffset, KafkaRecord } from '../../domain/kafka-connection.js';
import type { KafkaSource } from '../../domain/kafka-source.js';
import { unlessAborted } from '../../domain/unless-aborted.js';

type Bytes = Buffer;
type Stream = MessagesStream<Bytes, Bytes, Bytes, Bytes>;

/** What lies ready is bounded: beyond it nothing is fetched, and the member stays in its group. */
const MOST_RECORDS = 4_000;
const MOST_BYTES = 16 * 1_048_576;
const CLOSED_WITHIN_MS = 5_000;
/** Asks for the oldest offset instead of a time. */
const OLDEST = -2n;

/**
 * A member of a consumer group. With every rebalance reading begins anew where the group has committed: what was fetched before
 * may be of partitions that came back from others, and must not come before what stands there.
 */
export class GroupMember implements KafkaConnection {
  generation = 0;
  private stream: Stream | null = null;
  private ready: KafkaRecord[] = [];
  private readyBytes = 0;
  private lost: Error | null = null;
  private startedAt = new Map<string, number>();
  private topicIds = new Map<string, string>();
  private wake: () => void = () => undefined;
  private isClosed = false;

  constructor(
    private readonly consumer: Consumer<Bytes, Bytes, Bytes, Bytes>,
    private readonly source: Pick<KafkaSource, 'group' | 'topics' | 'start'>,
  ) {
    const lose = (error: Error): void => this.lose(error);
    consumer.on('error', lose);
    consumer.on('consumer:heartbeat:stalled', () => lose(new Error('the coordinator of the group does not answer')));
  }

  /** @throws when it cannot join */
  async join(): Promise<void> {
    await this.begin();
    this.consumer.on('consumer:group:join', () => {
      this.begin().catch((error: unknown) => this.lose(error));
    });
  }

  async take(most: number, waitMs: number, signal: AbortSignal): Promise<KafkaChunk> {
    if (this.ready.length === 0 && this.lost === null) await this.untilWoken(waitMs, signal);
    if (this.lost !== null) throw this.lost;
    const records = this.ready.splice(0, most);
    for (const { value } of records) this.readyBytes -= value?.length ?? 0;
    if (!this.isFull()) this.stream?.resume();
    return { generation: this.generation, records, reached: this.reached() };
  }

  async idOf(topic: string): Promise<string> {
    const known = this.topicIds.get(topic);
    if (known !== undefined) return known;
    const { topics } = await this.consumer.metadata({ topics: [...this.source.topics], forceUpdate: true });
    this.topicIds = new Map([...topics].map(([name, { id }]) => [name, id]));
    return this.topicIds.get(topic) ?? '';
  }

  async commit(generation: number, offsets: readonly KafkaOffset[]): Promise<void> {
    const own = offsets.filter(({ topic, partition }) => this.startedAt.has(`${topic}:${partition}`));
    if (generation !== this.generation || own.length === 0) return;
    await this.consumer.commit({
      offsets: own.map(({ topic, partition, offset }) => ({
        ...{ topic, partition, offset: BigInt(offset), leaderEpoch: -1 },
      })),
    });
  }

  async ends(): Promise<readonly KafkaEnd[]> {
    if (this.lost !== null) throw this.lost;
    const { generation } = this;
    const own = (this.consumer.assignments ?? []).filter(({ partitions }) => partitions.length > 0);
    if (own.length === 0) return [];
    const asked = {
      topics: own.map(({ topic }) => topic),
      partitions: Object.fromEntries(own.map(({ topic, partitions }) => [topic, [...partitions]])),
    };
    const firsts = await this.consumer.listOffsets({ ...asked, timestamp: OLDEST });
    const ends = await this.consumer.listOffsets(asked);
    if (generation !== this.generation) return [];
    return own.flatMap(({ topic, partitions }) =>
      partitions.flatMap((partition) => {
        const [first, end] = [firsts, ends].map((offsets) => offsets.get(topic)?.[partition]);
        if (first === undefined || end === undefined) return [];
        const committed = this.startedAt.get(`${topic}:${partition}`) ?? null;
        return [{ topic, partition, first: Number(first), offset: Number(end), committed }];
      }),
    );
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.ready = [];
    const closing = this.leave();
    const late = new Promise((resolve) => setTimeout(resolve, CLOSED_WITHIN_MS).unref());
    await Promise.race([closing, late]);
  }

  private async leave(): Promise<void> {
    const { stream } = this;
    this.stream = null;
    // What does not leave is dropped by the coordinator when it is not heard of.
    if (stream !== null) await Promise.resolve(stream.close()).catch(() => undefined);
    await Promise.resolve(this.consumer.close(true)).catch(() => undefined);
  }

  /** Opens a stream at the group's offsets in the place of the one before. */
  private async begin(): Promise<void> {
    this.generation += 1;
    const { generation } = this;
    const before = this.stream;
    before?.removeAllListeners('data');
    this.ready = [];
    this.readyBytes = 0;
    this.topicIds = new Map();
    this.startedAt = new Map();
    const stream = await this.consumer.consume({
      topics: [...this.source.topics],
      mode: 'committed',
      fallbackMode: this.source.start,
      autocommit: false,
    });
    // The topics stay taken: with the last stream that reads them the member would join anew.
    void before?.close().catch(() => undefined);
    // A rebalance while it was opened has opened another.
    if (generation !== this.generation || this.isClosed) {
      stream.on('error', () => undefined);
      await stream.close();
      return;
    }
    this.stream = stream;
    stream.on('error', (error) => {
      if (this.stream === stream) this.lose(error);
    });
    stream.once('offsets', () => {
      if (this.stream === stream) this.began(stream, generation);
    });
    stream.on('data', (message) => {
      if (this.stream === stream) this.arrived(message);
    });
    this.expectOwnTopics();
  }

  /** @throws when another member deals partitions to whoever did not ask for them: then some of ours are dealt to nobody */
  private expectOwnTopics(): void {
    const foreign = (this.consumer.assignments ?? []).filter(
      ({ topic, partitions }) => partitions.length > 0 && !this.source.topics.includes(topic),
    );
    if (foreign.length > 0)
      throw new Error(
        `the group "${this.source.group}" gives this source partitions of topics that are not its own (${foreign.map(({ topic }) => topic).join(', ')}): another member deals them out wrongly; give the source a \`group\` of its own`,
      );
  }

  /** Notes where each partition is read from. Where that is the end of a new one, the group remembers it: what comes is not passed over after a crash. */
  private began(stream: Stream, generation: number): void {
    for (const [key, offset] of stream.offsetsCommitted) this.startedAt.set(key, Number(offset));
    if (this.source.start !== 'latest') return;
    this.commit(generation, [...this.startedAt].map(placeOf)).catch((error: unknown) => this.lose(error));
  }

  /** What is fetched next, where all that was fetched before has been taken. */
  private reached(): readonly KafkaOffset[] {
    const { stream } = this;
    if (stream === null || this.ready.length > 0 || stream.readableLength > 0) return [];
    return [...stream.offsetsToFetch].filter(([key]) => this.startedAt.has(key)).map(placeOf);
  }

  private arrived(message: Message<Bytes, Bytes, Bytes, Bytes>): void {
    const value: Bytes | null | undefined = message.value;
    const headers = new Map<string, string>();
    for (const [name, text] of message.headers) headers.set(String(name).toLowerCase(), String(text));
    const { topic, partition, offset } = message;
    this.ready.push({ topic, partition, offset: Number(offset), value: value ?? null, headers });
    this.readyBytes += value?.length ?? 0;
    if (this.isFull()) this.stream?.pause();
    this.wake();
  }

  private isFull(): boolean {
    return this.ready.length >= MOST_RECORDS || this.readyBytes >= MOST_BYTES;
  }

  private lose(error: unknown): void {
    if (this.isClosed) return;
    this.lost ??= error instanceof Error ? error : new Error(String(error));
    this.wake();
  }

  private async untilWoken(waitMs: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | null = null;
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    await unlessAborted(() => woken, signal);
    if (timer !== null) clearTimeout(timer);
    this.wake = () => undefined;
  }
}

/** Of what the library calls a partition by. */
function placeOf([key, offset]: readonly [string, number | bigint]): KafkaOffset {
  const at = key.lastIndexOf(':');
  return { topic: key.slice(0, at), partition: Number(key.slice(at + 1)), offset: Number(offset) };
}
