import { hasTrait } from '../domain/cause.js';
import { failureCount } from '../domain/profile.js';
import { quantileOf, summariseNumeric } from '../statistics/signal-counts.js';
import type { ModelStatus } from '../domain/model-status.js';
import type { IncidentRow } from '../domain/incident.js';
import type { ModelState } from '../domain/model.js';
import { pagesPeople } from '../domain/paging.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { SignalKey, WindowProfile } from '../domain/profile.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { MonitoredModel } from './monitored-model.js';

const NOT_YET = 'not evaluated yet';
const NOT_EVALUATED_YET: PerformanceEstimate = {
  kind: 'unknown',
  reason: NOT_YET,
  realised: { accuracy: null, error: null, labelledShare: null },
};

/** A watched model's figures as they stand, for lists, live lines and metrics. */
export function statusOf(
  monitored: MonitoredModel,
  evaluation: Evaluation | null,
  incident: IncidentRow | null,
  evaluated: Pick<ModelStatus, 'evaluatedAtMs' | 'evaluationSeconds' | 'patterns'>,
): ModelStatus {
  const window = monitored.window();
  const failures = failureCount(window);
  return {
    ...shownState(monitored, evaluation, incident),
    windowSamples: window.calls,
    totalSamples: monitored.counters.calls,
    confidenceMean: meanOf(window, 'confidence'),
    errorShare: window.calls === 0 ? 0 : failures / window.calls,
    latencyP50Seconds: quantile(window, 0.5),
    latencyP95Seconds: quantile(window, 0.95),
    lastProbeAtMs: monitored.counters.lastProbeAtMs,
    certificateEndsAtMs: monitored.contact.certificate?.validToMs ?? null,
    lastPredictionAtMs: monitored.counters.lastPredictionAtMs,
    baseline: monitored.baseline,
    learning: monitored.learning,
    window,
    running: monitored.runningCounts(window),
    findings: evaluation?.findings ?? [],
    blindSpots: evaluation?.diagnosis.blindSpots ?? [{ check: 'everything', reason: NOT_YET }],
    features: monitored.featureReadings,
    diagnosis: evaluation?.diagnosis ?? null,
    incident,
    setup: monitored.contact.problem,
    evidence: monitored.evidence(),
    performance: evaluation?.performance ?? NOT_EVALUATED_YET,
    rowAnomaly: evaluation?.rowAnomaly ?? { verdict: 'unknown', reason: NOT_YET },
    goldenInputs: evaluation?.goldenInputs ?? [],
    ...evaluated,
    totals: {
      calls: monitored.counters.calls,
      failures: monitored.counters.failures,
      probes: monitored.counters.probes,
      probeFailures: monitored.counters.probeFailures,
    },
  };
}

/** The state by the same evaluation as everything else that is shown, which what is stored follows; and why it is that without an incident. */
function shownState(
  monitored: MonitoredModel,
  evaluation: Evaluation | null,
  incident: IncidentRow | null,
): Pick<ModelStatus, 'model' | 'unalerted'> {
  const { model } = monitored;
  if (evaluation === null) return { model, unalerted: null };
  const state = stateOf(monitored, incident, evaluation);
  return {
    model: state === model.state ? model : { ...model, state },
    unalerted: state === 'degraded' && incident === null ? evaluation.unalerted : null,
  };
}

/** The state of a model nothing is wrong with. */
export function runningState({ isConfiguring, counters, baseline }: MonitoredModel): ModelState {
  if (isConfiguring && counters.basis === 'probe' && counters.calls === 0) return 'configuring';
  return baseline === null ? 'learning' : 'healthy';
}

/** No call is answered, whether nothing is there or what is there refuses all of them. */
function isUnanswered({ causes: [first], findings }: IncidentRow['diagnosis']): boolean {
  if (first === undefined) return false;
  const refusesAll = hasTrait(first.id, 'says-itself') && findings.some(({ detector }) => detector === 'unreachable');
  return first.id === 'model-unreachable' || refusesAll;
}

/** The state shown: an open incident decides; without one a model is being configured, learning, healthy, or changed without an alert. */
export function stateOf(
  monitored: MonitoredModel,
  incident: IncidentRow | null,
  evaluation: Evaluation | null,
): ModelState {
  if (monitored.model.paused) return 'paused';
  if (incident === null) {
    const running = runningState(monitored);
    return running === 'healthy' && evaluation !== null && evaluation.unalerted !== null ? 'degraded' : running;
  }
  if (isUnanswered(incident.diagnosis)) return 'unreachable';
  return pagesPeople(incident.severity) ? 'failing' : 'degraded';
}

function meanOf(window: WindowProfile, key: SignalKey): number | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' ? (summariseNumeric(counts)?.mean ?? null) : null;
}

function quantile(window: WindowProfile, q: number): number | null {
  const counts = window.signals.get('latency_seconds');
  return counts?.kind === 'numeric' ? quantileOf(counts, q) : null;
}
