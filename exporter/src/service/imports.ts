import type { IncrementTransaction, Store } from '../domain/ports.js';
import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import { closeIncident } from '../governance/closing.js';
import { remember } from '../incident-history/remember.js';
import { createIncidentManager, type IncidentGovernance } from '../incidents/incident-manager.js';
import { ReplayClock } from '../monitoring/replay-clock.js';
import { ReplayFleet } from '../monitoring/replay-fleet.js';
import { Replay, type OpenReplay } from '../monitoring/replay.js';
import { createEventBus } from '../system/event-bus.js';
import { randomIds } from '../system/random-ids.js';
import { seededRandom } from '../system/seeded-random.js';
import type { Foundation } from './foundation.js';
import { fleetSettings } from './monitoring.js';

/** What is long over is not decided on, and nobody is told of it. */
const NOTHING_TO_DECIDE: Omit<IncidentGovernance, 'close'> = {
  resolve: () => Promise.resolve([]),
  propose: () => Promise.resolve([]),
  verify: () => Promise.resolve(false),
  withdraw: () => Promise.resolve(),
  records: () => Promise.resolve([]),
  isActionUnderWay: () => Promise.resolve(false),
};

/** A training set never becomes a baseline by itself on the way: it is admitted whole. */
const NEVER_BY_ITSELF = Number.MAX_SAFE_INTEGER;
/** While nothing is found in a history it is evaluated so often, by the time of its rows. */
const LEAST_EVALUATED_EVERY_MS = 3_600_000;
const EVALUATIONS_PER_WINDOW = 4;
/** Nothing waits for company: rows come one part after the other. */
const COMMIT_DELAY_MS = 0;

/** Opens replays: each a fleet of one model with a clock of its own, on the store of the service. */
export function wireImports(foundation: Foundation, analyseRows: RowAnalysisPorts['analyseRows']): OpenReplay {
  const { started, config, store, clock, logger, hash, processMetrics } = foundation;
  return (model, begun, leastWindowMs, memory) => {
    const { purpose } = begun;
    const windowMs = Math.max(leastWindowMs, started.windows.lengthMs);
    const replayClock = new ReplayClock(0);
    const events = createEventBus(logger);
    const incidents = createIncidentManager({
      incidents: store.incidents,
      alerts: { list: () => Promise.resolve([]) },
      governance: { ...NOTHING_TO_DECIDE, close: (closing) => closeIncident(store, closing) },
      events,
      clock: replayClock,
      ids: randomIds,
      logger,
      remember,
      refusal: { isRefused: () => false, giveUpMs: () => Infinity },
    });
    const live = fleetSettings(foundation);
    const requirements = config.current().baseline;
    const fleet = new ReplayFleet(
      {
        store: withBatchesOfNow(store, () => clock.now()),
        clock: replayClock,
        random: () => seededRandom(1),
        logger,
        events,
        prober: { watch: () => undefined, unwatch: () => undefined, cycle: () => Promise.resolve([]) },
        incidents,
        intakeCounts: processMetrics,
        hash,
        analyseRows: (input) => replayClock.during(analyseRows(input)),
        experiment: () => Promise.reject(new Error('a model is not asked about its past')),
        rediscover: () => Promise.reject(new Error('a model is not asked about its past')),
      },
      {
        ...live,
        thresholds: live.thresholds,
        requirements: purpose === 'baseline' ? { ...requirements, minimumSamples: NEVER_BY_ITSELF } : requirements,
        windowMs,
        isReplay: true,
        commitDelayMs: COMMIT_DELAY_MS,
        experiments: { ...live.experiments, allow: false },
      },
    );
    const evaluateEveryMs = Math.max(LEAST_EVALUATED_EVERY_MS, windowMs / EVALUATIONS_PER_WINDOW);
    return Replay.begin(
      { fleet, clock: replayClock, incidents: store.incidents, requirements, evaluateEveryMs },
      model,
      begun,
      memory,
    );
  };
}

/** Ids of batches are known from when they came, whatever the time of their rows. */
export const withBatchesOfNow = (store: Store, now: () => number): Store => ({
  ...store,
  atomic: (shard, epoch, work) =>
    store.atomic(shard, epoch, (increments): ReturnType<typeof work> => {
      const { batches } = increments;
      const dated: IncrementTransaction = {
        ...increments,
        batches: {
          find: (model, id) => batches.find(model, id),
          save: (model, id, taken) => batches.save(model, id, taken, now()),
          prune: (olderThanMs) => batches.prune(olderThanMs),
        },
      };
      return work(dated);
    }),
});
