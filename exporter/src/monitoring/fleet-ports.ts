import type { AnyActionTarget } from '../domain/action-target.js';
import type { ModelId } from '../domain/identifiers.js';
import type { RefusalCounts } from '../domain/ingest.js';
import type { ProbedModel } from '../domain/probed-model.js';
import type { Sample } from '../domain/observation.js';
import type { Clock, EventBus, IncrementStore, Logger, Random, Store } from '../domain/ports.js';
import type { VerificationTimes } from '../domain/recommendation.js';
import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import type { ExperimentPolicy } from '../experiments/run-experiment.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import type { ModelEvaluationPorts } from './model-evaluation.js';
import type { MonitoringSettings } from './monitoring-settings.js';

/** The background prober as the fleet uses it. */
export interface FleetProber {
  watch(model: ProbedModel, onSamples: (samples: readonly Sample[]) => void): void;
  unwatch(id: ModelId): void;
  cycle(model: ProbedModel): Promise<readonly Sample[]>;
}

/** Where it is counted what batches brought. */
export interface IntakeCounts {
  ingested(model: ModelId, accepted: number, rejectedByReason: RefusalCounts): void;
  /** The model is gone: nothing is told of it any more. */
  forget(model: ModelId): void;
}

/** The part of the store that models live in. */
export type FleetStore = IncrementStore &
  Pick<
    Store,
    'models' | 'lessons' | 'alertFeedback' | 'validations' | 'atomic' | 'governance' | 'check' | 'awayBecause'
  >;

export interface FleetPorts extends Pick<ModelEvaluationPorts, 'experiment' | 'rediscover'> {
  readonly store: FleetStore;
  readonly clock: Clock;
  readonly random: () => Random;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly prober: FleetProber;
  readonly incidents: IncidentManager;
  readonly intakeCounts: IntakeCounts;
  readonly hash: (text: string) => string;
  /** Finds segments and decomposes the change; in a worker thread when there are many rows. */
  readonly analyseRows: RowAnalysisPorts['analyseRows'];
}

/** Read at every use, not copied: getters let a reload of the configuration take effect. */
export interface FleetSettings extends MonitoringSettings {
  /** Memory that the rows of all models may take together. */
  readonly rowsMemoryBytes: number;
  readonly evaluationMs: number;
  readonly commitDelayMs: number;
  /** Closed incidents compared with an open one. */
  readonly lessonsConsidered: number;
  readonly targets: readonly AnyActionTarget[];
  readonly verification: VerificationTimes;
  readonly experiments: ExperimentPolicy;
}
