import type { FailureReason } from './observation.js';

const REASONS: Readonly<Record<number, FailureReason>> = {
  400: 'payload_refused',
  401: 'credentials',
  403: 'credentials',
  404: 'not_found',
  405: 'not_found',
  407: 'credentials',
  410: 'not_found',
  413: 'payload_refused',
  415: 'payload_refused',
  422: 'payload_refused',
  429: 'rate_limited',
};

/** Why a call failed whose answer has this HTTP status, one that is no success (RFC 9110 §15). */
export const reasonOfStatus = (status: number): FailureReason =>
  REASONS[status] ?? (status >= 500 ? 'http_5xx' : status >= 400 ? 'http_4xx' : 'moved');
