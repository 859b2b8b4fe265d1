import type { CauseId } from './cause.js';
import type { ActionId, Priority, RecommendationState } from './recommendation.js';
import type { Vote } from './decision.js';
import type { ModelId } from './identifiers.js';
import type { Execution } from './decision.js';

/** How far decisions about one model have come, counted in the store; all replicas read the same. */
export interface ModelDecisionCounts {
  readonly incidents: number;
  readonly recommendations: Readonly<Partial<Record<RecommendationState, number>>>;
  /** Creation of the pending recommendation that waits longest; null when none waits. */
  readonly oldestPendingAtMs: number | null;
  /** The most urgent recommendation still open; null when there is none. */
  readonly top: {
    readonly action: ActionId;
    readonly cause: CauseId;
    readonly priority: Priority;
    readonly state: RecommendationState;
    readonly title: string;
  } | null;
  readonly executions: readonly {
    readonly executor: Execution['executor'];
    readonly count: number;
    readonly failed: number;
  }[];
  readonly executionsUnknown: number;
  readonly verifications: Readonly<Record<string, number>>;
  /** Alerts of others that still fire, by sender. */
  readonly alertsFiring: Readonly<Record<string, number>>;
}

export interface DecisionCounts {
  readonly models: ReadonlyMap<ModelId, ModelDecisionCounts>;
  readonly auditEntries: number;
  /** Entries that the newest checkpoint signs, and when it was made; null before the first. */
  readonly checkpoint: { readonly entries: number; readonly atMs: number } | null;
  readonly votes: Readonly<Record<Vote['verdict'], number>>;
  /** Decisions one person took alone, and those nobody has reviewed yet. */
  readonly breakGlass: { readonly used: number; readonly unreviewed: number };
}

export const NO_MODEL_DECISIONS: ModelDecisionCounts = {
  incidents: 0,
  recommendations: {},
  oldestPendingAtMs: null,
  top: null,
  executions: [],
  executionsUnknown: 0,
  verifications: {},
  alertsFiring: {},
};

export const NO_DECISIONS: DecisionCounts = {
  models: new Map(),
  auditEntries: 0,
  checkpoint: null,
  votes: { approve: 0, reject: 0 },
  breakGlass: { used: 0, unreviewed: 0 },
};
