import type { ConformalEDetector } from './conformal-e-detector.js';
import type { RiskEDetector } from './risk-e-detector.js';
import type { ScoreStreamReading, ScoreStreamState } from './score-stream-state.js';

/** What watches a stream: a shift by a fast and a slow detector, a risk by one; nothing where it cannot get worse than it is. */
export type StreamDetector =
  | { readonly kind: 'shift'; readonly detectors: readonly ConformalEDetector[]; readonly levels: readonly number[] }
  | { readonly kind: 'risk'; readonly detector: RiskEDetector; readonly level: number }
  | { readonly kind: 'untestable' };

/** The mean that a risk is bet against, and its variance in the baseline; null of indicators. */
export interface RiskNull {
  readonly bound: number;
  readonly variance: number | null;
}

/** The sum of its detectors' evidence, in ticks. */
export function evidenceOf(watching: StreamDetector): number {
  if (watching.kind === 'untestable') return 0;
  if (watching.kind === 'risk') return watching.detector.value;
  let sum = 0;
  for (const { value } of watching.detectors) sum += value;
  return sum;
}

/** What it says; the strongest of its detectors speaks. Null where nothing can be said. */
export function readingOf(watching: StreamDetector, statistic: string): ScoreStreamReading | null {
  if (watching.kind === 'untestable') return null;
  const value = evidenceOf(watching);
  if (watching.kind === 'risk') {
    const { logRatio, changeAtMs } = watching.detector.reading();
    return { statistic, value, logRatio, changeAtMs, direction: 'up', blockSamples: 1 << watching.level };
  }
  const [first] = watching.detectors;
  if (first === undefined) return null;
  const strongest = watching.detectors.reduce((best, each) => (each.value > best.value ? each : best), first);
  return {
    statistic,
    value,
    logRatio: strongest.logRatio,
    ...strongest.strongest,
    blockSamples: strongest.blockLength,
  };
}

/** Stops betting after an alarm. @param samples how many the change took to be noticed */
export function freeze(watching: StreamDetector, samples: number): void {
  if (watching.kind === 'risk') watching.detector.freeze(samples / (1 << watching.level));
  else if (watching.kind === 'shift') for (const each of watching.detectors) each.freeze(samples / each.blockLength);
}

/** While frozen: is it as it was in the baseline again? */
export function hasRecovered(watching: StreamDetector): boolean {
  if (watching.kind === 'risk') return watching.detector.hasRecovered;
  return watching.kind === 'untestable' || watching.detectors.every((each) => each.hasRecovered);
}

/** Bets again, from nothing. */
export function resume(watching: StreamDetector): void {
  if (watching.kind === 'risk') watching.detector.resume();
  else if (watching.kind === 'shift') for (const each of watching.detectors) each.resume();
}

/** As it is stored. @param against what a risk is bet against */
export function stateOf(watching: StreamDetector, against: RiskNull | null): ScoreStreamState['detector'] {
  if (watching.kind === 'untestable') return watching;
  if (watching.kind === 'shift') {
    return { kind: 'shift', levels: watching.levels, states: watching.detectors.map((each) => each.snapshot()) };
  }
  const { bound, variance } = against ?? { bound: 0.99, variance: null };
  return { kind: 'risk', level: watching.level, bound, variance, state: watching.detector.snapshot() };
}
