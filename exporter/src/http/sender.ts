import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '../domain/actor.js';

const LONGEST_NAME = 128;

/**
 * Who sends rows, told apart because each sender's rows come by a clock and a delay of their own: the key and the address of
 * the request, or the name that a forwarder gives in `mlfi-sender`, for behind one address there may be many.
 */
export function senderOf(headers: IncomingHttpHeaders, { subject }: Actor, address: string): string {
  const named = headers['mlfi-sender'];
  return `${subject} ${typeof named === 'string' && named !== '' ? `as ${named.slice(0, LONGEST_NAME)}` : address}`;
}
