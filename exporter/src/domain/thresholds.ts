/** Decision lines of the window detectors. Every key is configurable; every default says where it comes from. */
export interface DetectionThresholds {
  /** Samples below which a window is not compared with the baseline. 30: the usual floor for a mean's normal approximation. */
  readonly minimumWindowSamples: number;
  /** Newest observations that form the evaluated window. */
  readonly windowSamples: number;
  /**
   * Fixed-sample significance after Bonferroni over the signals compared. 1e-4: with hourly evaluations of one model that is
   * about one false finding a year; p < 0.05 would misfire on 4–6 % of quiet evaluations per feature (Evidently, whylogs).
   */
  readonly significance: number;
  /** Smallest mean shift worth reporting, in baseline standard deviations. 0.2: Cohen's "small effect". */
  readonly meanShift: number;
  /** Smallest Kolmogorov–Smirnov distance or total variation distance worth reporting. 0.1: SageMaker Model Monitor's line. */
  readonly distance: number;
  /** Population stability index after its null expectation (K−1)(1/n+1/m) is subtracted. 0.2: the credit-scoring rule of thumb. */
  readonly populationStability: number;
  /** Ratio of variances, or its inverse. 2.25 = standard deviation × 1.5, the seed's rule. */
  readonly varianceRatio: number;
  /** Mean confidence below which a model is unsure of itself. 0.5: worse than a coin for two classes. */
  readonly lowConfidence: number;
  /** Error share above which the endpoint is failing, without a baseline. */
  readonly errorShare: number;
  /** Error share at which users are as good as cut off. */
  readonly criticalErrorShare: number;
  /** Failures in a row after which a model counts as unreachable. */
  readonly consecutiveFailures: number;
  /** p95 latency against the baseline's p95. */
  readonly latencyRatio: number;
  /** p95 latency above which an endpoint is slow, without a baseline. */
  readonly slowLatencySeconds: number;
  /** Share of the most frequent answer at which predictions count as constant (if the baseline was more varied, or inputs vary). */
  readonly constantShare: number;
  /** Standard deviation of confidence among answers to the same question above which a model is unstable. */
  readonly answerSpread: number;
  /** Spearman correlation of confidence with time inside a window, as magnitude. */
  readonly trend: number;
  /** Rise of the missing share, absolute. 0.05: Deepchecks' line for nulls. */
  readonly missingShare: number;
  /** Share of rows in categories never seen in the baseline. */
  readonly unseenShare: number;
  /** Drop of accuracy, absolute. */
  readonly accuracyDrop: number;
  /** Rise of the expected calibration error, absolute. */
  readonly calibrationError: number;
  /** Share of golden inputs whose answer changed. */
  readonly goldenChangedShare: number;
  /** No prediction for this long, after traffic was seen, is silence. */
  readonly silenceMs: number;
  /** Share of rows above the isolation forest's baseline 99th percentile score. */
  readonly anomalousRowShare: number;
}

export const DEFAULT_THRESHOLDS: DetectionThresholds = {
  minimumWindowSamples: 30,
  windowSamples: 200,
  significance: 1e-4,
  meanShift: 0.2,
  distance: 0.1,
  populationStability: 0.2,
  varianceRatio: 2.25,
  lowConfidence: 0.5,
  errorShare: 0.05,
  criticalErrorShare: 0.5,
  consecutiveFailures: 5,
  latencyRatio: 2,
  slowLatencySeconds: 5,
  constantShare: 0.99,
  answerSpread: 0.15,
  trend: 0.5,
  missingShare: 0.05,
  unseenShare: 0.02,
  accuracyDrop: 0.05,
  calibrationError: 0.1,
  goldenChangedShare: 0.2,
  silenceMs: 3_600_000,
  anomalousRowShare: 0.1,
};

/** What a baseline needs before it is admitted. */
export interface BaselineRequirements {
  readonly minimumSamples: number;
  readonly minimumDurationMs: number;
  /** A learning period with more failures than this is contaminated. */
  readonly maximumErrorShare: number;
}
export const DEFAULT_BASELINE_REQUIREMENTS: BaselineRequirements = {
  minimumSamples: 200,
  minimumDurationMs: 0,
  maximumErrorShare: 0.1,
};
