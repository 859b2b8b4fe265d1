import { modelOf } from '../../fixtures/model.js';
import { createWindowBuilder } from '../../../exporter/src/statistics/window-profile.js';
import { DriftMonitor } from '../../../exporter/src/detection/sequential/drift-monitor.js';
import type { ModelStatus } from '../../../exporter/src/domain/model-status.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import type { BaselineProfile, WindowProfile } from '../../../exporter/src/domain/profile.js';
import { CumulativeCounts } from '../../../exporter/src/monitoring/cumulative-counts.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

/** Observations of `features` numeric features around `level`, one category, and confidence. */
export function observations(count: number, features: number, level = 0, seed = 1): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({
    atMs: 1_000 * i,
    source: 'ingest',
    predictionId: null,
    goldenId: null,
    features: {
      ...Object.fromEntries(
        Array.from({ length: features }, (_, f) => [`f${f}`, level + f + random.next() + random.next()]),
      ),
      country: ['DE', 'FR', 'IT'][Math.floor(random.next() * (level === 0 ? 3 : 2))] ?? 'DE',
    },
    prediction: random.next() < 0.5 ? 'yes' : 'no',
    confidence: 0.5 + random.next() / 2,
    latencySeconds: 0.01 + random.next() / 50,
    failure: null,
    label: null,
    modelVersion: null,
  }));
}

export function profileOf(rows: readonly Observation[], like?: WindowProfile): WindowProfile {
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  for (const row of rows) builder.add(row);
  return builder.build();
}

/** A watched model with a baseline and a window, as the fleet gives it. */
export function sampleStatus(id: string, features = 3, over: Partial<ModelStatus> = {}): ModelStatus {
  const profile = profileOf(observations(500, features));
  const baseline: BaselineProfile = {
    version: 2,
    frozen: false,
    admittedAtMs: 5_000,
    profile,
    golden: [],
    bins: new Map(),
  };
  const window = profileOf(observations(200, features, 0, 7), profile);
  return {
    model: modelOf({
      id: modelId(id),
      name: id,
      endpoint: {
        url: `http://models.internal:8000/v2/models/served-${id}/infer`,
        connector: 'open-inference',
        settings: {},
        authorizationSecret: null,
      },
      versionLabel: 'v7',
      owner: 'payments "team"',
    }),
    diagnosis: null,
    windowSamples: 200,
    totalSamples: 1_234,
    confidenceMean: 0.876,
    errorShare: 0.02,
    latencyP50Seconds: 0.0123,
    latencyP95Seconds: 0.05,
    recent: [],
    lastProbeAtMs: 1_000,
    certificateEndsAtMs: null,
    lastPredictionAtMs: null,
    lastLoggedAtMs: null,
    unwrittenSinceMs: null,
    baseline,
    learning: null,
    window,
    running: new CumulativeCounts(6).read(baseline, window, window),
    findings: [],
    patterns: [],
    rowAnomaly: { verdict: 'unknown', reason: 'no look yet' },
    goldenInputs: [],
    blindSpots: [],
    features: new Map(),
    incident: null,
    unalerted: null,
    setup: null,
    readFrom: null,
    evidence: new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, String).evidence(),
    performance: {
      kind: 'unknown',
      reason: 'no labels',
      realised: { accuracy: null, error: null, labelledShare: null },
    },
    evaluatedAtMs: 2_000,
    evaluationSeconds: 0.001,
    totals: { calls: 1_234, failures: { timeout: 3 }, probes: 10, probeFailures: {} },
    ...over,
  };
}
