import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection, createEventBuffer } from 'better-sse';
import type { Clock, DomainEvent, EventBus } from '../domain/ports.js';
import { OpenStreams } from './open-streams.js';
import { eventView } from './views/events.js';

/** How often a comment keeps each connection in use, and it is asked whether whoever listens still may. */
const LOOKED_AFTER_MS = 15_000;
/** Events kept for listeners that come back. */
const KEPT_EVENTS = 1_000;
const RETRY_MS = 2_000;

interface Stream {
  readonly response: ServerResponse;
  readonly mayListen: () => Promise<boolean>;
  /** Who listens, e.g. `key:3f2a…`. */
  readonly subject: string;
}
interface Sent {
  readonly number: number;
  readonly kind: DomainEvent['kind'];
  readonly view: ReturnType<typeof eventView>;
}

/**
 * Open streams of server-sent events; `OpenStreams` limits how many there are and how far one may lag. Every event has an
 * id, `<start of this process>-<number>`: a listener that comes back with `Last-Event-ID` gets what it missed, or one event
 * `missed` when that is no longer known.
 */
export class EventStreams {
  private readonly streams = new Set<Stream>();
  private readonly kept: Sent[] = [];
  private readonly process: string;
  private number = 0;
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    events: EventBus,
    clock: Clock,
    private readonly open: OpenStreams = new OpenStreams(),
    private readonly lookedAfterMs = LOOKED_AFTER_MS,
  ) {
    this.process = clock.now().toString(36);
    this.unsubscribe = events.subscribe((event) => this.broadcast(event));
  }

  /**
   * Answers the request with a stream that ends with the connection, the credential or the service.
   * @param mayListen asked now and then; false ends the stream
   * @throws Unavailable when too many are open, or the service is stopping; Invalid on a connection that is used for more
   */
  async answer(
    { headers, method }: IncomingMessage,
    response: ServerResponse,
    subject: string,
    mayListen: () => Promise<boolean>,
  ): Promise<void> {
    const isOpen = method !== 'HEAD';
    if (isOpen && !this.open.admit(response)) return;
    response.writeHead(200, Connection.constants.RESPONSE_HEADERS);
    if (!isOpen) {
      response.end();
      return;
    }
    response.write(createEventBuffer().retry(RETRY_MS).dispatch().read());
    const stream = { response, subject, mayListen };
    this.streams.add(stream);
    response.once('close', () => this.forget(stream));
    this.timer ??= setInterval(() => void this.lookAfter(), this.lookedAfterMs);
    this.catchUp(stream, headers['last-event-id']);
    // It may have been revoked after the request was let in, before there was a stream to end.
    if (!(await mayListen().catch(() => true))) this.drop(stream);
  }

  /** More is asked on a connection before it is answered: it is no place for a stream, and one on it ends. */
  pipelined(socket: Socket): void {
    this.open.pipelined(socket);
  }

  /** Ends the streams of a credential that was revoked. */
  endOf(subject: string): void {
    for (const stream of this.streams) if (stream.subject === subject) this.drop(stream);
  }

  /** Ends every stream at once, and takes no new one. */
  end(): void {
    this.unsubscribe();
    this.open.end();
    for (const stream of [...this.streams]) this.forget(stream);
  }

  private broadcast(event: DomainEvent): void {
    this.number += 1;
    const sent = { number: this.number, kind: event.kind, view: eventView(event) };
    this.kept.push(sent);
    if (this.kept.length > KEPT_EVENTS) this.kept.shift();
    const text = this.textOf(sent);
    for (const { response } of this.streams) response.write(text);
  }

  private textOf({ number, kind, view }: Sent): string {
    return createEventBuffer().push(view, kind, `${this.process}-${number}`).read();
  }

  private catchUp({ response }: Stream, lastId: IncomingMessage['headers'][string]): void {
    if (typeof lastId !== 'string' || lastId === '') return;
    const [process, text = ''] = lastId.split('-');
    const last = /^\d{1,15}$/.test(text) ? Number(text) : null;
    const oldest = this.kept[0]?.number ?? this.number + 1;
    if (process !== this.process || last === null || last > this.number || last < oldest - 1) {
      const id = `${this.process}-${this.number}`;
      response.write(createEventBuffer().push({ kind: 'missed' }, 'missed', id).read());
      return;
    }
    for (const sent of this.kept) if (sent.number > last) response.write(this.textOf(sent));
  }

  private async lookAfter(): Promise<void> {
    const comment = createEventBuffer().comment().dispatch().read();
    for (const { response } of this.streams) response.write(comment);
    for (const stream of [...this.streams]) {
      const may = await stream.mayListen().catch(() => true);
      if (!may) this.drop(stream);
    }
  }

  private drop(stream: Stream): void {
    this.forget(stream);
    stream.response.end();
  }

  private forget(stream: Stream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}
