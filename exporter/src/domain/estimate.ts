export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Coverage, e.g. 0.95. */
  readonly level: number;
}

/** A proportion with the counts behind it and its Clopper–Pearson interval. */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly interval: Interval;
}

export interface LevelSummary {
  readonly samples: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly p05: number;
  readonly p50: number;
  readonly p95: number;
}
