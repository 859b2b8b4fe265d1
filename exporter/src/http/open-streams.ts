import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Invalid, Unavailable } from '../domain/errors.js';

export interface StreamLimits {
  /** Answers that may stay open at once. */
  readonly streams: number;
  /** What a reader may leave unread before it is cut off. */
  readonly unreadBytes: number;
}

/** Far more than people look at once; each costs a connection. */
const STREAM_LIMITS: StreamLimits = { streams: 500, unreadBytes: 256 * 1024 };
const CHECKED_MS = 1_000;

/** Answers that stay open, such as event streams: so many at once, each read as it is written, all ended by a stop. */
export class OpenStreams {
  private readonly open = new Map<Socket, ServerResponse>();
  /** Connections on which more was asked before it was answered: whatever comes behind a stream would wait for ever. */
  private readonly shared = new WeakSet<Socket>();
  private ended = false;
  private checks: NodeJS.Timeout | null = null;

  constructor(private readonly limits: StreamLimits = STREAM_LIMITS) {}

  /**
   * Takes an answer that stays open.
   * @returns whether anybody is still there to read it
   * @throws Unavailable when too many are open, or the service is stopping; Invalid on a connection that is used for more
   */
  admit(response: ServerResponse): boolean {
    const { socket } = response;
    // It would never close again, and so never be forgotten.
    if (response.destroyed || socket?.destroyed === true) return false;
    if (socket === null || this.shared.has(socket))
      throw new Invalid('an event stream needs a connection of its own: send one request, and nothing after it');
    if (this.ended) throw new Unavailable('mlfi is stopping; connect again in a moment', 1);
    if (this.open.size >= this.limits.streams)
      throw new Unavailable(`${this.limits.streams} event streams are open already; close some, or poll instead`, 30);
    this.open.set(socket, response);
    response.once('close', () => this.forget(socket));
    this.checks ??= setInterval(() => this.cutOff(), CHECKED_MS);
    return true;
  }

  /** More is asked on a connection before it is answered. */
  pipelined(socket: Socket): void {
    this.shared.add(socket);
    this.open.get(socket)?.destroy();
  }

  /** Ends all of them, and takes no more. */
  end(): void {
    this.ended = true;
    for (const [socket, response] of [...this.open]) {
      response.end();
      this.forget(socket);
    }
  }

  /** A reader that leaves too much unread would have the process keep it: it may connect again. */
  private cutOff(): void {
    for (const response of this.open.values())
      if (response.writableLength > this.limits.unreadBytes) response.destroy();
  }

  private forget(socket: Socket): void {
    this.open.delete(socket);
    if (this.open.size > 0 || this.checks === null) return;
    clearInterval(this.checks);
    this.checks = null;
  }
}
