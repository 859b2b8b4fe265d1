import type { ExecutionOutcome } from '../../domain/ports.js';
import { textAt, type Reply } from './protocol.js';

/**
 * What a reply to the one request that acts means. Nothing sent: failed. 2xx: what `accepted` says. 4xx, 307 and 308:
 * failed, the server says that it did not act. Anything else, no answer included: unknown, for it may have acted.
 */
export function outcomeOf(
  reply: Reply,
  accepted: (reply: Extract<Reply, { kind: 'answer' }>) => ExecutionOutcome,
): ExecutionOutcome {
  if (reply.kind === 'unsent') return { kind: 'failed', detail: `not sent: ${reply.detail}` };
  if (reply.kind !== 'answer') return { kind: 'unknown', detail: `sent, but no usable answer: ${reply.detail}` };
  const { status } = reply;
  if (status >= 200 && status < 300) return accepted(reply);
  if (status === 307 || status === 308) {
    return { kind: 'failed', detail: `the server sent us elsewhere (${status}); redirects are not followed` };
  }
  if (status >= 400 && status < 500) return { kind: 'failed', detail: `refused with ${status}${messageOf(reply)}` };
  return { kind: 'unknown', detail: `whether it acted is not known, it answered ${status}${messageOf(reply)}` };
}

/** Why a request that only reads gave nothing to go on. Nothing was changed by it. */
export function unreadable(reply: Reply): string {
  return reply.kind === 'answer' ? `answered ${reply.status}${messageOf(reply)}` : reply.detail;
}

/** The server's own words; servers say `message`, Alertmanager answers with a JSON string. */
function messageOf({ json }: Extract<Reply, { kind: 'answer' }>): string {
  const text = typeof json === 'string' ? json : textAt(json, 'message');
  return text === null ? '' : `: ${plainText(text)}`;
}

/** Text without control characters and line breaks. */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
