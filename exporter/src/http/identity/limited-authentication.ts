import type { IncomingHttpHeaders } from 'node:http';
import { TooManyRequests } from '../../domain/errors.js';
import type { Clock, Logger } from '../../domain/ports.js';
import { AttemptLimit } from './attempt-limit.js';
import type { Authentication } from './authenticate.js';

export interface LimitPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A request was refused for who asked. */
  readonly onRefusedCredential: (reason: string) => void;
}

/**
 * Tells who is calling, and bounds how many wrong credentials an address may try.
 * @param perMinute wrong credentials an address may send in a minute
 * @returns for a request's headers and the address it came from; null for what is asked again by mlfi itself
 * @throws TooManyRequests when that address has to wait
 */
export function limitedAuthentication(
  authenticate: (headers: IncomingHttpHeaders) => Promise<Authentication>,
  perMinute: number,
  { clock, logger, onRefusedCredential }: LimitPorts,
): (headers: IncomingHttpHeaders, address: string | null) => Promise<Authentication> {
  const limit = new AttemptLimit(perMinute);
  return async (headers, address) => {
    const { authorization } = headers;
    if (address === null || authorization === undefined) return authenticate(headers);
    const waitSeconds = limit.waitSeconds(address, authorization, clock.now());
    if (waitSeconds > 0) {
      onRefusedCredential('too-many-attempts');
      throw new TooManyRequests(
        'too many wrong credentials came from your address; wait, then send the right one',
        waitSeconds,
        'authorization',
        { problem: 'too-many-attempts' },
      );
    }
    const known = await authenticate(headers);
    if (known.kind === 'known') limit.right(address, authorization, clock.now());
    else if (known.kind === 'refused' && known.problem.code === 'unknown-key-or-secret')
      if (limit.wrong(address, clock.now()))
        logger.warn({ address, per_minute: perMinute }, 'an address sends wrong credentials; it has to wait');
    return known;
  };
}
