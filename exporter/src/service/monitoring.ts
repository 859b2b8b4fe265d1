import { withFeatures } from '../capture/probing/payloads/with-features.js';
import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import { runExperiment, type ExperimentPorts } from '../experiments/run-experiment.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import { Fleet } from '../monitoring/fleet.js';
import type { FleetSettings } from '../monitoring/fleet-ports.js';
import { seededRandom } from '../system/seeded-random.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { Model } from '../domain/model.js';
import { setupProblemOf } from '../domain/setup-problem.js';
import type { Rediscovery } from '../monitoring/model-evaluation.js';
import { SYSTEM } from '../domain/actor.js';
import type { Capture } from './capture.js';
import type { Foundation } from './foundation.js';

/** The fleet, not yet started. */
export function wireMonitoring(
  foundation: Foundation,
  capture: Capture,
  incidents: IncidentManager,
  analyseRows: RowAnalysisPorts['analyseRows'],
): Fleet {
  const { started, store, clock, logger, events, hash, audit, processMetrics } = foundation;
  const { prober, discover, chooseGoldenInputs } = capture;
  const experimenting: ExperimentPorts = {
    clock,
    random: () => seededRandom(clock.now() % 2 ** 31),
    ask: (model, payload) => prober.ask(model, payload),
    payloadFor: (model, features) => {
      const [example] = model.probePayloads;
      return example === undefined ? null : withFeatures(example, features);
    },
    audit: (kind, fields) => audit(kind, SYSTEM, fields),
  };
  return new Fleet(
    {
      store,
      clock,
      random: () => seededRandom(1),
      logger,
      events,
      prober,
      incidents,
      intakeCounts: processMetrics,
      hash,
      analyseRows,
      experiment: (subject, evaluation, incident, signal) =>
        runExperiment(experimenting, started.investigation.experiments, subject, evaluation, incident, signal),
      rediscover: async (model) => rediscovered(model, await discover(targetOf(model)), chooseGoldenInputs),
    },
    fleetSettings(foundation),
  );
}

/** What somebody said that it takes is asked before anything else. */
const targetOf = ({ endpoint, probePayloads, arePayloadsGuessed, schedule }: Model): DiscoveryTarget => ({
  url: endpoint?.url ?? '',
  timeoutMs: schedule.timeoutMs,
  ...(arePayloadsGuessed || probePayloads.length === 0 ? {} : { payloads: probePayloads }),
  authorizationSecret: endpoint?.authorizationSecret ?? null,
  ...(endpoint?.asking === undefined ? {} : { asking: endpoint.asking }),
});

/** What a new search for the way to ask found. Golden inputs that were placeholders give way; the operator's own stay. */
function rediscovered(
  { goldenInputs, probePayloads, arePayloadsGuessed }: Model,
  discovery: Discovery,
  choose: Capture['chooseGoldenInputs'],
): Rediscovery {
  if (discovery.kind === 'not-found') return { kind: 'not-found', problem: setupProblemOf(discovery.failure) };
  const { endpoint, isGuess } = discovery;
  const payloads = arePayloadsGuessed || probePayloads.length === 0 ? discovery.payloads : probePayloads;
  const own = goldenInputs.filter(({ origin }) => origin === 'user');
  const golden = own.length > 0 ? own : choose(payloads);
  return {
    kind: 'found',
    asked: { endpoint, probePayloads: payloads, arePayloadsGuessed: isGuess, goldenInputs: golden },
  };
}

/** Getters, so that a reload of the configuration takes effect. */
export const fleetSettings = ({ started, config }: Foundation): FleetSettings => ({
  get thresholds() {
    return config.current().detection;
  },
  get requirements() {
    return config.current().baseline;
  },
  budget: started.paging,
  windowMs: started.windows.lengthMs,
  rowsKept: started.windows.rowsKept,
  rowsMemoryBytes: started.windows.rowsMemoryBytes,
  binnedSignals: started.metrics.binnedSignals,
  get categoriesPerFeature() {
    return config.current().intake.categoriesPerFeature;
  },
  get featuresPerModel() {
    return config.current().intake.featuresPerModel;
  },
  evaluationMs: started.windows.evaluateEveryMs,
  commitDelayMs: started.windows.commitDelayMs,
  get targets() {
    return config.current().governance.targets;
  },
  get verification() {
    return config.current().governance.verification;
  },
  experiments: started.investigation.experiments,
  get lessonsConsidered() {
    return config.current().learning.lessonsConsidered;
  },
});
