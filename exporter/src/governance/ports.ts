import type { Clock, EventBus, Ids, Logger, Store } from '../domain/ports.js';
import type { Executors } from './executors/index.js';
import type { FailPoint } from './fail-points.js';
import { type GovernancePolicy } from './rules/policy.js';

export interface GovernancePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly executors: Executors;
  readonly policy: () => GovernancePolicy;
  readonly events: EventBus;
  readonly logger: Logger;
  /** True when no other process can write this store: what is found half-sent at the start was ours. */
  readonly soleWriter: boolean;
  /** Called at the moments a crash test may want to die. */
  readonly failPoint?: (point: FailPoint) => void;
}
