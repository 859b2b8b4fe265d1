import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { IngestBatch } from '../../../exporter/src/domain/ingest.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import type { FleetPorts, FleetSettings } from '../../../exporter/src/monitoring/fleet-ports.js';
import { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import type { ModelEvaluationPorts } from '../../../exporter/src/monitoring/model-evaluation.js';
import { NOTHING_TO_ANALYSE } from '../../../exporter/src/rca/row-analysis.js';
import { emptyWindow } from '../../../exporter/src/statistics/window-profile.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { MODEL, observation } from '../detection/rows.js';
import type { MemoryStore } from './memory-store.js';

export const QUIET_LOGGER = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Members outside of a fleet: nobody removes or replaces one. */
export const MEMBERS_THAT_STAY: ModelEvaluationPorts['members'] = {
  all: new Map(),
  async inLaneOf(_, work) {
    await work();
    return true;
  },
  ofMember: async (_, work) => work(),
};

/** Incidents of models on which none opens. */
export const NO_INCIDENTS: FleetPorts['incidents'] = {
  restore: () => Promise.resolve(),
  current: () => null,
  stories: { storyOf: () => null, all: () => [] },
  repairedAtMs: () => null,
  apply: () => Promise.resolve(null),
  refreshProposals: () => Promise.resolve(),
  recordAlert: () => Promise.resolve(false),
  leave: (_, __, left) => left(),
  closeAllLeft: () => Promise.resolve(),
};

/** A fleet on a store, in memory unless it is about a real one, whose waits take a turn of the scheduler's instead of time. */
export function fleetOn(
  store: FleetPorts['store'],
  turn: () => Promise<void>,
  over: Partial<FleetPorts> = {},
  settings: Partial<FleetSettings> = {},
): ReplayFleet {
  let nowMs = 1e12;
  return new ReplayFleet(
    {
      store,
      clock: { now: () => (nowMs += 1), sleep: () => turn() },
      random: () => seededRandom(1),
      logger: QUIET_LOGGER,
      events: createEventBus(QUIET_LOGGER),
      prober: { watch: () => undefined, unwatch: () => undefined, cycle: () => Promise.resolve([]) },
      incidents: NO_INCIDENTS,
      intakeCounts: { ingested: () => undefined, forget: () => undefined },
      hash: (text) => text,
      analyseRows: () => Promise.resolve(NOTHING_TO_ANALYSE),
      experiment: () => Promise.reject(new Error('no model is asked here')),
      rediscover: () => Promise.reject(new Error('no model is discovered here')),
      ...over,
    },
    {
      thresholds: DEFAULT_THRESHOLDS,
      requirements: DEFAULT_BASELINE_REQUIREMENTS,
      budget: { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' },
      windowMs: 300_000,
      rowsKept: 1_000,
      rowsMemoryBytes: 1e9,
      binnedSignals: 10,
      categoriesPerFeature: 1_000,
      featuresPerModel: 500,
      evaluationMs: 1_000,
      commitDelayMs: 50,
      lessonsConsidered: 10,
      targets: [],
      verification: DEFAULT_VERIFICATION_TIMES,
      experiments: { allow: false, callsBudget: 0, callsPerSecond: 1 },
      ...settings,
    },
  );
}

export const modelNamed = (id: string): Model => ({ ...MODEL, id: modelId(id), name: id });

/** One that mlfi itself asks. */
export const askedModel = (id: string): Model => ({
  ...modelNamed(id),
  endpoint: { url: 'http://x', connector: 'rest', settings: {}, authorizationSecret: null },
});

export const answers = (ids: readonly string[], over: Partial<IngestBatch> = {}): IngestBatch => ({
  batchId: null,
  bodyDigest: null,
  observations: ids.map((predictionId) => observation({ predictionId, atMs: 1e12 })),
  labels: [],
  rejected: 0,
  rejectedByReason: {},
  errors: [],
  notes: [],
  acknowledge: 'commit',
  ...over,
});

export const labels = (ids: readonly string[], over: Partial<IngestBatch> = {}): IngestBatch => ({
  ...answers([]),
  labels: ids.map((predictionId) => ({ predictionId, label: 'yes', atMs: 1e12 })),
  ...over,
});

/** Calls and judged labels of a model as they are committed; its learning period must not be over. */
export function storedCounts(store: MemoryStore, id: ModelId): { readonly calls: number; readonly labelled: number } {
  const counters = store.committed.counters.get(id);
  const learning = store.committed.learning.get(id);
  const counted = [learning?.profile ?? emptyWindow(), ...(learning?.unjudged ?? []).map(({ counts }) => counts)];
  return {
    calls: counters === undefined ? 0 : callCountersCodec.decode(counters).calls,
    labelled: counted.reduce((sum, { labels }) => sum + labels.labelled, 0),
  };
}
