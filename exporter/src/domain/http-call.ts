/** One call to another server, and what came of it. */
import type { AskingTls } from './asking.js';
import type { Failure, ServerCertificate } from './observation.js';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Sent instead of `body`. */
  readonly bytes?: Uint8Array;
  /** Total deadline from start to last byte. */
  readonly timeoutMs: number;
  /** Null: as many as are configured for answers of models. */
  readonly maxResponseBytes: number | null;
  /** Asks anew when a kept connection was closed before any byte came. Only for calls that change nothing: one may have arrived. */
  readonly retriesIdleClose?: true;
  /** Notes when the parts of the answer arrive. */
  readonly notesArrivals?: true;
  /** Other certificates than the usual ones. */
  readonly tls?: AskingTls;
}

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly latencySeconds: number;
  /** How much had arrived when, of a call that notes it; oldest first. */
  readonly arrivals?: readonly { readonly bytes: number; readonly seconds: number }[];
  /** The server's certificate; absent without TLS. */
  readonly certificate?: ServerCertificate;
}

export interface HttpFailure {
  readonly kind: 'failure';
  readonly failure: Failure;
  readonly latencySeconds: number;
  /** Certain that nothing of the request left this process. Absent: it may have arrived. */
  readonly unsent?: true;
}

/** The one way out of the process (`http/egress.ts`). Never throws for network trouble; a failure is a value. */
export interface HttpClient {
  call(request: HttpCall): Promise<HttpAnswer | HttpFailure>;
}
