import type { ServerResponse } from 'node:http';
import { Unavailable } from '../domain/errors.js';

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
  private readonly open = new Set<ServerResponse>();
  private ended = false;
  private checks: NodeJS.Timeout | null = null;

  constructor(private readonly limits: StreamLimits = STREAM_LIMITS) {}

  /** @throws Unavailable when too many are open, or the service is stopping */
  check(): void {
    if (this.ended) throw new Unavailable('mlfi is stopping; connect again in a moment', 1);
    if (this.open.size >= this.limits.streams)
      throw new Unavailable(`${this.limits.streams} event streams are open already; close some, or poll instead`, 30);
  }

  /** Takes an answer that stays open. @throws Unavailable as `check` does */
  admit(response: ServerResponse): void {
    this.check();
    this.open.add(response);
    response.once('close', () => this.forget(response));
    this.checks ??= setInterval(() => this.cutOff(), CHECKED_MS);
  }

  get size(): number {
    return this.open.size;
  }

  /** Ends all of them, and takes no more. */
  end(): void {
    this.ended = true;
    for (const response of [...this.open]) {
      response.end();
      this.forget(response);
    }
  }

  /** A reader that leaves too much unread would have the process keep it: it may connect again. */
  private cutOff(): void {
    for (const response of this.open) if (response.writableLength > this.limits.unreadBytes) response.destroy();
  }

  private forget(response: ServerResponse): void {
    this.open.delete(response);
    if (this.open.size > 0 || this.checks === null) return;
    clearInterval(this.checks);
    this.checks = null;
  }
}
