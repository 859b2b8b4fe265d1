/** Bytes of bodies that may be read or wait for their commit at once. */
export interface IntakeQueueLimits {
  readonly perModelBytes: number;
  readonly totalBytes: number;
}

/** The part of the queue that one request holds. */
export interface QueuePlace {
  /**
   * Takes room for what arrived.
   * @throws TooManyRequests when others hold too much for it
   */
  grow(bytes: number): void;
  /** Whether so much would find room now; takes nothing. @throws TooManyRequests when not */
  expect(bytes: number): void;
  /** Gives all room back. */
  leave(): void;
}
