import type { GoldenEvidence } from '../domain/symptoms.js';
import type { BlindSpot, DetectorId, Finding } from '../domain/finding.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { CategoricalCounts, NumericCounts, SignalKey } from '../domain/profile.js';
import type { RowAnomaly } from '../domain/row-anomaly.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import { validTotal } from '../statistics/signal-counts.js';

/** Everything a detector may look at: the model's state, and what every detector would otherwise find out for itself. */
export interface DetectionInput extends MonitoredModelState {
  readonly thresholds: DetectionThresholds;
  readonly nowMs: number;
  readonly golden: GoldenEvidence;
  /** What the baseline's forest says of the window's rows. */
  readonly rowAnomaly: RowAnomaly;
}

export interface DetectorResult {
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
}

/** One file each in `detectors/`. Pure: the same input gives the same findings. */
export interface Detector {
  readonly id: DetectorId;
  detect(input: DetectionInput): DetectorResult;
}

export const nothing: DetectorResult = { findings: [], blindSpots: [] };
export const found = (...findings: readonly Finding[]): DetectorResult => ({ findings, blindSpots: [] });
export const blind = (check: string, reason: string): DetectorResult => ({
  findings: [],
  blindSpots: [{ check, reason }],
});

/** When and over how many calls a finding was made. */
export function windowOf(input: DetectionInput): Finding['window'] {
  return { fromMs: input.window.fromMs, toMs: input.window.toMs, samples: input.window.calls };
}

/** Names of the features counted in the window, the baseline, or both. */
export function featuresOf(input: DetectionInput): readonly string[] {
  const names = new Set<string>();
  for (const profile of [input.baseline?.profile, input.window]) {
    for (const key of profile?.signals.keys() ?? [])
      if (key.startsWith('feature:')) names.add(key.slice('feature:'.length));
  }
  return [...names].sort();
}

/** Both sides of one signal when they can be compared. */
export type Pair =
  | { readonly kind: 'numeric'; readonly before: NumericCounts; readonly now: NumericCounts }
  | { readonly kind: 'categorical'; readonly before: CategoricalCounts; readonly now: CategoricalCounts };

/** The two sides of a signal with at least `minimumWindowSamples` valid values each; null otherwise. */
export function pairOf(input: DetectionInput, key: SignalKey): Pair | null {
  const before = input.baseline?.profile.signals.get(key);
  const now = input.window.signals.get(key);
  if (before === undefined || now === undefined) return null;
  const least = input.thresholds.minimumWindowSamples;
  if (validTotal(before) < least || validTotal(now) < least) return null;
  if (before.kind === 'numeric' && now.kind === 'numeric') return { kind: 'numeric', before, now };
  if (before.kind === 'categorical' && now.kind === 'categorical') return { kind: 'categorical', before, now };
  return null;
}

/** Significance left for one comparison when every feature, the confidence and the prediction are compared (Bonferroni). */
export function significancePerSignal(input: DetectionInput): number {
  return input.thresholds.significance / (featuresOf(input).length + 2);
}
