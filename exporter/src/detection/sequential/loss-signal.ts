import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { FindingSubject } from '../../domain/finding.js';
import type { FeatureValue } from '../../domain/observation.js';
import type { ScoreStream } from './score-stream.js';
import { risk, streamsOf, type SignalMonitor, type SignalState } from './signal-monitor.js';

/** A loss of 0 to 1 by itself: failed calls, wrong answers, moved golden answers. */
export class LossSignal implements SignalMonitor {
  readonly streams: readonly ScoreStream[];
  readonly isWarmingUp = false;

  constructor(
    readonly subject: FindingSubject,
    model: string,
    budget: FalsePageBudget,
    binary: boolean,
    state?: SignalState,
  ) {
    this.streams = streamsOf(subject, model, budget, [risk('risk', { binary, seasonal: false })], state?.streams);
  }

  add(value: FeatureValue, atMs: number, clockMs?: number): void {
    if (typeof value === 'number') this.streams[0]?.add(Math.min(1, Math.max(0, value)), atMs, clockMs);
  }

  endTrainingSet(leastSamples: number): void {
    for (const stream of this.streams) stream.endTrainingSet(leastSamples);
  }

  relearn(): void {
    for (const stream of this.streams) stream.relearn();
  }

  snapshot(): SignalState {
    return {
      kind: 'loss',
      streams: this.streams.map((stream) => stream.snapshot()),
      counter: 0,
      warm: [],
      effectiveSampleSize: null,
      grid: null,
      quantiles: null,
      watched: [],
      known: [],
    };
  }
}
