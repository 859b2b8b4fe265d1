import type { FalsePageBudget } from '../domain/alert-evidence.js';
import type { BaselineRequirements, DetectionThresholds } from '../domain/thresholds.js';

/** How models are monitored. Read at every use, not copied: a reload of the configuration takes effect. */
export interface MonitoringSettings {
  readonly thresholds: DetectionThresholds;
  readonly requirements: BaselineRequirements;
  readonly budget: FalsePageBudget;
  /** Length of one stored window. */
  readonly windowMs: number;
  /** Newest observations kept in memory for root-cause analysis; never written. */
  readonly rowsKept: number;
  /** Signals counted in frozen bins for Prometheus. */
  readonly binnedSignals: number;
  /** Different values of one feature that a window tells apart. */
  readonly categoriesPerFeature: number;
  /** Features of one model that are watched. */
  readonly featuresPerModel: number;
  /** Rows are of the past and have no arrival of their own: nobody is silent between them. */
  readonly isReplay?: true;
}
