import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSession, type Session } from 'better-sse';
import type { Clock, DomainEvent, EventBus } from '../domain/ports.js';
import { eventView } from './views/events.js';

const KEEP_ALIVE_MS = 15_000;
/** How often it is asked whether whoever listens still may. */
const CREDENTIAL_CHECK_MS = 15_000;
/** A listener that is this far behind is cut off; it comes back with the id of the last event it read. */
const MOST_UNREAD_BYTES = 262_144;
/** Events kept for listeners that come back. */
const KEPT_EVENTS = 1_000;
const RETRY_MS = 2_000;

interface Stream {
  readonly session: Session;
  readonly response: ServerResponse;
  readonly mayListen: () => Promise<boolean>;
  /** Who listens, e.g. `key:3f2a…`. */
  readonly subject: string;
}

/**
 * Open streams of server-sent events. Every event has an id, `<start of this process>-<number>`; a listener that comes back
 * with `Last-Event-ID` gets what it missed, or one event `missed` when that is no longer known.
 */
export class EventStreams {
  private readonly streams = new Set<Stream>();
  private readonly kept: { readonly number: number; readonly event: DomainEvent }[] = [];
  private readonly process: string;
  private number = 0;
  private isClosed = false;
  private readonly unsubscribe: () => void;
  private readonly timer: NodeJS.Timeout;

  constructor(events: EventBus, clock: Clock) {
    this.process = clock.now().toString(36);
    this.unsubscribe = events.subscribe((event) => this.broadcast(event));
    this.timer = setInterval(() => void this.checkCredentials(), CREDENTIAL_CHECK_MS);
    this.timer.unref();
  }

  /** How many listen now. */
  get count(): number {
    return this.streams.size;
  }

  /**
   * Answers the request with a stream that ends with the connection, the credential or the service.
   * @param mayListen asked now and then; false ends the stream
   */
  async open(
    request: IncomingMessage,
    response: ServerResponse,
    subject: string,
    mayListen: () => Promise<boolean>,
  ): Promise<void> {
    const session = await createSession(request, response, { keepAlive: KEEP_ALIVE_MS, retry: RETRY_MS });
    const stream = { session, response, subject, mayListen };
    if (this.isClosed) {
      end(stream);
      return;
    }
    this.streams.add(stream);
    session.once('disconnected', () => this.streams.delete(stream));
    this.catchUp(stream);
  }

  /** Ends the streams of a credential that was revoked. */
  endOf(subject: string): void {
    for (const stream of this.streams) if (stream.subject === subject) this.drop(stream);
  }

  /** Ends every stream at once, and takes no new one. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.unsubscribe();
    for (const stream of this.streams) this.drop(stream);
  }

  private broadcast(event: DomainEvent): void {
    this.number += 1;
    this.kept.push({ number: this.number, event });
    if (this.kept.length > KEPT_EVENTS) this.kept.shift();
    for (const stream of this.streams) this.send(stream, this.number, event);
  }

  private send(stream: Stream, number: number, event: DomainEvent): void {
    if (!stream.session.isConnected) return;
    if (stream.response.writableLength > MOST_UNREAD_BYTES) {
      this.streams.delete(stream);
      stream.response.destroy();
      return;
    }
    stream.session.push(eventView(event), event.kind, `${this.process}-${number}`);
  }

  private catchUp(stream: Stream): void {
    const { lastId } = stream.session;
    if (lastId === '') return;
    const [process, text = ''] = lastId.split('-');
    const last = /^\d{1,15}$/.test(text) ? Number(text) : null;
    const oldest = this.kept[0]?.number ?? this.number + 1;
    if (process !== this.process || last === null || last > this.number || last < oldest - 1) {
      stream.session.push({ kind: 'missed' }, 'missed', `${this.process}-${this.number}`);
      return;
    }
    for (const { number, event } of this.kept) if (number > last) this.send(stream, number, event);
  }

  private async checkCredentials(): Promise<void> {
    for (const stream of [...this.streams]) {
      const may = await stream.mayListen().catch(() => true);
      if (!may) this.drop(stream);
    }
  }

  private drop(stream: Stream): void {
    this.streams.delete(stream);
    end(stream);
  }
}

/** Ends the answer and its connection, so that a server that closes need not wait for it. */
function end({ response }: Stream): void {
  const { socket } = response;
  response.end(() => socket?.destroySoon());
}
