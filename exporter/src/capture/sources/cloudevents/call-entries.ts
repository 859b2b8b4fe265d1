import type { LogEntry } from '../../ingest/calls/batch.js';
import type { LoggedCall } from '../../ingest/calls/logged-call.js';
import { timestampMs } from '../../ingest/timestamps.js';
import { Refusal } from '../../ingest/verdicts.js';
import type { GivenUp, JoinLimits } from './call-joiner.js';
import type { EventPart } from './dialects.js';

/** One side of a call. */
export type Half = Extract<EventPart, { kind: 'half' }>;

/** A request and its response as one call. */
export function callOf(request: Half, response: Half, nowMs: number): LoggedCall {
  return {
    id: request.callId,
    request: request.data,
    response: response.data,
    requestedAt: request.time ?? response.time,
    latencyMs: latencyOf(request.time, response.time, nowMs),
    modelVersion: response.modelVersion ?? request.modelVersion,
    context: { ...request.context, ...response.context },
  };
}

/** Between the times of both; null where one is missing, and where seconds are all they tell (Azure ML). */
function latencyOf(requested: string | null, answered: string | null, nowMs: number): number | null {
  if (requested === null || answered === null || !/\.\d/.test(requested)) return null;
  try {
    const ms = timestampMs(answered, nowMs) - timestampMs(requested, nowMs);
    return ms >= 0 ? ms : null;
  } catch {
    return null;
  }
}

/**
 * KServe's logger writes no response of a call that failed: a request without one is a failed call, as soon as the model's
 * responses are known to be logged. A response without its request is a prediction whose inputs are not known.
 */
export function entryOfLone(
  { side, half, because, modelHasPairs }: Pick<GivenUp<Half>, 'side' | 'half' | 'because' | 'modelHasPairs'>,
  { waitMs }: JoinLimits,
): LogEntry {
  const call: LoggedCall = {
    id: half.callId,
    request: side === 'request' ? half.data : undefined,
    response: side === 'response' ? half.data : undefined,
    requestedAt: half.time,
    latencyMs: null,
    modelVersion: half.modelVersion,
    context: half.context,
  };
  if (side === 'response') return { kind: 'call', call };
  if (because === 'time' && modelHasPairs) return { kind: 'call', call: { ...call, failed: true } };
  // Whether it failed is not known: its response may be on its way, and is counted by the next start.
  if (because === 'stop')
    return { kind: 'refused', refusal: new Refusal('unanswered', 'response', 'mlfi stopped before the response came') };
  const why =
    because === 'memory'
      ? 'requests beyond intake.pairing.memory wait for their responses; the oldest are given up'
      : `no response came within ${waitMs / 1_000} s (intake.pairing.wait), and none of this model ever did: log responses too`;
  return { kind: 'refused', refusal: new Refusal('unanswered', 'response', why) };
}
