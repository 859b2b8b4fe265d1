import type { FindingSubject } from '../../domain/finding.js';
import type { FeatureValue } from '../../domain/observation.js';
import type { SignalKey } from '../../domain/profile.js';
import type { SignalMonitor } from './signal-monitor.js';

/** A call of which nothing is left but what was counted of it. */
export interface CountedRow {
  readonly atMs: number;
  readonly failed: boolean;
  /** It named a feature that the baseline has not. */
  readonly violates: boolean;
  /** Null where the value is missing or was not sent; no entry where nobody knows. */
  readonly values: ReadonlyMap<SignalKey, FeatureValue>;
}

/** Bets on it. A signal that still learns learns nothing: counts do not say how alike successive values are. */
export function betOnCounted(
  signals: ReadonlyMap<FindingSubject, SignalMonitor>,
  { atMs, failed, violates, values }: CountedRow,
): void {
  addTo(signals.get('errors'), failed ? 1 : 0, atMs);
  if (!failed) addTo(signals.get('schema'), violates ? 1 : 0, atMs);
  for (const [key, value] of values) addTo(signals.get(key), value, atMs);
}

function addTo(signal: SignalMonitor | undefined, value: FeatureValue, atMs: number): void {
  if (signal?.streams.every((stream) => !stream.isLearning || !stream.hasScores) === true) signal.add(value, atMs);
}
