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
 * Tells who is calling, and bounds what wrong credentials cost: an address that sent too many is answered without asking the
 * store or checking a token, unless its credential is right by what is in memory. Behind a proxy all senders share an address.
 * @param recognise whether a credential is right, at next to no cost
 * @param perMinute wrong credentials an address may send in a minute
 * @returns for a request's headers and the address it came from; null for what is asked again by mlfi itself
 * @throws TooManyRequests when that address has to wait
 */
export function limitedAuthentication(
  authenticate: (headers: IncomingHttpHeaders) => Promise<Authentication>,
  recognise: (headers: IncomingHttpHeaders) => Promise<boolean>,
  perMinute: number,
  { clock, logger, onRefusedCredential }: LimitPorts,
): (headers: IncomingHttpHeaders, address: string | null) => Promise<Authentication> {
  const limit = new AttemptLimit(perMinute);
  return async (headers, address) => {
    const { authorization } = headers;
    if (address === null || authorization === undefined) return authenticate(headers);
    const waitSeconds = limit.waitSeconds(address, clock.now());
    if (waitSeconds > 0 && !(await recognise(headers))) {
      onRefusedCredential('too-many-attempts');
      throw new TooManyRequests(
        'this credential is not known here, and too many such came from your address; send the right one',
        waitSeconds,
        'authorization',
        { problem: 'too-many-attempts' },
      );
    }
    const known = await authenticate(headers);
    if (known.kind === 'refused' && known.problem.code === 'unknown-key-or-secret')
      if (limit.wrong(address, clock.now()))
        logger.warn(
          { address, key: known.key, per_minute: perMinute },
          'an address sends wrong credentials; further ones have to wait, and are told once a minute',
        );
    return known;
  };
}
