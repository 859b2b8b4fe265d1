import { TooManyRequests } from '../../domain/errors.js';
import type { IntakeQueueLimits, QueuePlace } from '../../domain/intake-queue.js';

/** A commit takes milliseconds: whoever waits a second finds what was under way done, unless the store is slow. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Bounds the memory of what is taken in: every body counts from its first byte until it is answered. All sources of rows
 * share it. A body that is alone is always let in; its own size is bounded by `http.maximum_body`.
 */
export class IntakeQueue {
  private readonly heldFor = new Map<string, number>();
  private heldBytes = 0;

  /** @param limits read at every use */
  constructor(private readonly limits: () => IntakeQueueLimits) {}

  /** Bytes held now. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Begins a request. @param whom the model it is about, or the route of one that says so in its body */
  enter(whom: string): QueuePlace {
    let own = 0;
    const hold = (bytes: number): void => {
      own += bytes;
      this.heldBytes += bytes;
      const held = (this.heldFor.get(whom) ?? 0) + bytes;
      if (held === 0) this.heldFor.delete(whom);
      else this.heldFor.set(whom, held);
    };
    const expect = (bytes: number): void => this.check(whom, own, bytes);
    return {
      expect,
      grow(bytes) {
        expect(bytes);
        hold(bytes);
      },
      leave: () => hold(-own),
    };
  }

  private check(whom: string, ownBytes: number, bytes: number): void {
    const { perModelBytes, totalBytes } = this.limits();
    const ofModel = (this.heldFor.get(whom) ?? 0) - ownBytes;
    const ofAll = this.heldBytes - ownBytes;
    const wanted = ownBytes + bytes;
    if (ofModel > 0 && ofModel + wanted > perModelBytes)
      throw new TooManyRequests(
        `bodies of ${ofModel} bytes wait for ${whom} already; nothing of this one was taken, send it again (intake.queue.per_model)`,
        RETRY_AFTER_SECONDS,
      );
    if (ofAll > 0 && ofAll + wanted > totalBytes)
      throw new TooManyRequests(
        `bodies of ${ofAll} bytes wait already; nothing of this one was taken, send it again (intake.queue.total)`,
        RETRY_AFTER_SECONDS,
      );
  }
}
