import { failureCount } from '../domain/profile.js';
import { quantileOf, summariseNumeric } from '../statistics/signal-counts.js';
import type { ModelStatus } from '../domain/model-status.js';
import type { Incident } from '../domain/incident.js';
import type { ModelState } from '../domain/model.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { SignalKey, WindowProfile } from '../domain/profile.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { MonitoredModel } from './monitored-model.js';

const NO_WINDOW_YET = 'no look has been taken yet';
const NOT_LOOKED_YET: PerformanceEstimate = {
  kind: 'unknown',
  reason: NO_WINDOW_YET,
  realised: { accuracy: null, error: null },
};

/** A watched model's figures as they stand, for lists, live lines and metrics. */
export function statusOf(
  watch: MonitoredModel,
  evaluation: Evaluation | null,
  incident: Incident | null,
  looked: Pick<ModelStatus, 'evaluatedAtMs' | 'evaluationSeconds' | 'patterns'>,
): ModelStatus {
  const window = watch.window();
  const failures = failureCount(window);
  return {
    model: watch.model,
    windowSamples: window.calls,
    totalSamples: watch.totals.calls,
    confidenceMean: meanOf(window, 'confidence'),
    errorShare: window.calls === 0 ? 0 : failures / window.calls,
    latencyP50Seconds: quantile(window, 0.5),
    latencyP95Seconds: quantile(window, 0.95),
    lastProbeAtMs: watch.totals.lastProbeAtMs,
    lastPredictionAtMs: watch.totals.lastPredictionAtMs,
    baseline: watch.baseline,
    learning: watch.learning,
    window,
    running: watch.runningCounts(window),
    findings: evaluation?.findings ?? [],
    blindSpots: evaluation?.diagnosis.blindSpots ?? [{ check: 'everything', reason: NO_WINDOW_YET }],
    diagnosis: evaluation?.diagnosis ?? null,
    incident,
    evidence: watch.evidence(),
    performance: evaluation?.performance ?? NOT_LOOKED_YET,
    rowAnomaly: evaluation?.rowAnomaly ?? { verdict: 'unknown', reason: NO_WINDOW_YET },
    goldenInputs: evaluation?.goldenInputs ?? [],
    ...looked,
    totals: {
      calls: watch.totals.calls,
      failures: watch.totals.failures,
      probes: watch.totals.probes,
      probeFailures: watch.totals.probeFailures,
    },
  };
}

/** The state shown: an open incident decides; without one a model is learning or healthy. */
export function stateOf(watch: MonitoredModel, incident: Incident | null): ModelState {
  if (watch.model.paused) return 'paused';
  if (incident === null) return watch.baseline === null ? 'learning' : 'healthy';
  if (incident.diagnosis.causes[0]?.id === 'model-unreachable') return 'unreachable';
  return incident.severity === 'critical' || incident.severity === 'high' ? 'failing' : 'degraded';
}

function meanOf(window: WindowProfile, key: SignalKey): number | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' ? (summariseNumeric(counts)?.mean ?? null) : null;
}

function quantile(window: WindowProfile, q: number): number | null {
  const counts = window.signals.get('latency_seconds');
  return counts?.kind === 'numeric' ? quantileOf(counts, q) : null;
}
