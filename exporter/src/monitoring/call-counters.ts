import type { ChangeEvent } from '../domain/symptoms.js';
import type { Model } from '../domain/model.js';
import type { Observation } from '../domain/observation.js';

/** Counters and times that survive restarts; kept beside the counts. */
export interface CallCounters {
  readonly basis: 'probe' | 'ingest';
  readonly calls: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly probes: number;
  readonly probeFailures: Readonly<Record<string, number>>;
  readonly lastProbeAtMs: number | null;
  readonly lastPredictionAtMs: number | null;
  readonly lastAnswerAtMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastVersion: string | null;
  readonly changes: readonly ChangeEvent[];
}

export const NO_CALLS: CallCounters = {
  basis: 'probe',
  calls: 0,
  failures: {},
  probes: 0,
  probeFailures: {},
  lastProbeAtMs: null,
  lastPredictionAtMs: null,
  lastAnswerAtMs: null,
  consecutiveFailures: 0,
  lastVersion: null,
  changes: [],
};
const bump = (counts: Readonly<Record<string, number>>, key: string): Record<string, number> => ({
  ...counts,
  [key]: (counts[key] ?? 0) + 1,
});

/** Name of the setting that keeps a watch's totals. */
export const callCountersKey = (model: Model): string => `watch:${model.id}`;

/**
 * Counts one call.
 * @returns the new totals, and the change of version the answer reveals, if any
 */
export function countCall(
  before: CallCounters,
  { atMs, failure, source, modelVersion }: Observation,
): { readonly totals: CallCounters; readonly change: ChangeEvent | null } {
  const probed = source !== 'ingest';
  const totals = {
    ...before,
    calls: before.calls + 1,
    failures: failure === null ? before.failures : bump(before.failures, failure.reason),
    probes: before.probes + (probed ? 1 : 0),
    probeFailures: probed && failure !== null ? bump(before.probeFailures, failure.reason) : before.probeFailures,
    lastProbeAtMs: probed ? atMs : before.lastProbeAtMs,
    lastPredictionAtMs: probed ? before.lastPredictionAtMs : atMs,
    lastAnswerAtMs: failure === null ? atMs : before.lastAnswerAtMs,
    consecutiveFailures: failure === null ? 0 : before.consecutiveFailures + 1,
    lastVersion: modelVersion ?? before.lastVersion,
  };
  if (modelVersion === null || before.lastVersion === null || modelVersion === before.lastVersion) {
    return { totals, change: null };
  }
  const text = `The answers' model version changed from ${before.lastVersion.slice(0, 60)} to ${modelVersion.slice(0, 60)}.`;
  return { totals, change: { atMs, kind: 'model-version', text } };
}
