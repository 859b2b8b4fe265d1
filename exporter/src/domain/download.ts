import type { HttpFailure } from './ports.js';
import type { Failure } from './observation.js';

export interface DownloadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** So long may nothing come; how long the whole may take is the signal's. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** A response whose body is read in parts, as they are asked for. */
export interface Download {
  readonly kind: 'opened';
  readonly status: number;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without its content coding. @throws BrokenOff */
  readonly body: AsyncIterable<Buffer>;
  /** Reads no more of it. */
  close(): void;
}

/** Large files from elsewhere, by the one way out of the process (`http/egress.ts`). Redirects are not followed. */
export interface Downloads {
  open(request: DownloadRequest): Promise<Download | HttpFailure>;
}

/** A body ended before its end. */
export class BrokenOff extends Error {
  constructor(readonly failure: Failure) {
    super(failure.detail);
  }
}
