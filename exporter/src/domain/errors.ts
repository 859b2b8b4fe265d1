import type { Json } from './json.js';

/** What a request can run into, whoever asked: HTTP, command line and tests read it from `kind`. */
export type AppErrorKind = 'not-found' | 'conflict' | 'invalid' | 'forbidden' | 'too-many-requests' | 'unavailable';

/** The parts that all of them have; thrown are the six below. */
abstract class RefusedRequest<Kind extends AppErrorKind> extends Error {
  /**
   * @param kind which of the six
   * @param message a sentence for the caller: what is wrong and what would be right
   * @param field the part of the request that is wrong, null for none in particular
   * @param details what a program may use to do better, e.g. the current digest
   */
  protected constructor(
    readonly kind: Kind,
    message: string,
    readonly field: string | null,
    readonly details: Json,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** There is no such thing. */
export class NotFound extends RefusedRequest<'not-found'> {
  constructor(message: string, field: string | null = null, details: Json = null) {
    super('not-found', message, field, details);
  }
}

/** The request is well formed, but the state of things does not allow it. */
export class Conflict extends RefusedRequest<'conflict'> {
  constructor(message: string, field: string | null = null, details: Json = null) {
    super('conflict', message, field, details);
  }
}

/** The request itself is wrong; it will be wrong the next time too. */
export class Invalid extends RefusedRequest<'invalid'> {
  constructor(message: string, field: string | null = null, details: Json = null) {
    super('invalid', message, field, details);
  }
}

/** Whoever asks may not do this. */
export class Forbidden extends RefusedRequest<'forbidden'> {
  constructor(message: string, field: string | null = null, details: Json = null) {
    super('forbidden', message, field, details);
  }
}

/** More is asked at once than is taken; the same request will work once what is under way is done. */
export class TooManyRequests extends RefusedRequest<'too-many-requests'> {
  /** @param retryAfterSeconds when to ask again, a whole number */
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
    field: string | null = null,
    details: Json = null,
  ) {
    super('too-many-requests', message, field, details);
  }
}

/** The same request will work later. */
export class Unavailable extends RefusedRequest<'unavailable'> {
  /** @param retryAfterSeconds when to ask again, a whole number */
  constructor(
    message: string,
    readonly retryAfterSeconds = 5,
    field: string | null = null,
    details: Json = null,
  ) {
    super('unavailable', message, field, details);
  }
}

/** Decisions are refused while what they rest on is damaged; anything else is stored. */
export class DecisionsRefused extends Unavailable {}

/** Nobody knows yet whether it was stored: what is in memory may not be what is stored. */
export class OutcomeUnknown extends Unavailable {
  /** @param happened whether it was, once the store says so; it never rejects */
  constructor(
    message: string,
    readonly happened: Promise<boolean>,
  ) {
    super(message);
  }
}

/** A refusal the caller can act on. Any other error is a fault of the program. */
export type AppError = NotFound | Conflict | Invalid | Forbidden | TooManyRequests | Unavailable;

/** Whether it is one of the six, i.e. to be told to the caller as it stands. */
export const isAppError = (error: unknown): error is AppError => error instanceof RefusedRequest;
