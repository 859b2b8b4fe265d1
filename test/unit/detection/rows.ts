import { modelOf } from '../../fixtures/model.js';
import { DEFAULT_FALSE_PAGE_BUDGET, type AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import type { FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import type { BaselineProfile, WindowProfile } from '../../../exporter/src/domain/profile.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import type { Random } from '../../../exporter/src/domain/ports.js';
import { quantileBins } from '../../../exporter/src/statistics/signal-counts.js';
import { createWindowBuilder, emptyWindow } from '../../../exporter/src/statistics/window-profile.js';
import { detect, type Detection } from '../../../exporter/src/detection/detect.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';

export const MODEL = modelOf();

/** Standard normal deviate (Box & Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

export function observation(overrides: Partial<Observation> = {}): Observation {
  return {
    atMs: 1_000,
    source: 'ingest',
    predictionId: null,
    goldenId: null,
    features: null,
    prediction: 'yes',
    confidence: 0.8,
    latencySeconds: 0.02,
    failure: null,
    label: null,
    modelVersion: null,
    ...overrides,
  };
}

/** One quiet row of a model with 12 numeric features, 8 categorical ones, and a confidence around 0.8. */
export function quietRow(random: Random, atMs: number): Observation {
  const features: Record<string, number | string> = {};
  for (let i = 0; i < 12; i += 1) features[`n${i}`] = i % 3 === 0 ? Math.exp(normal(random)) : 50 + 10 * normal(random);
  for (let i = 0; i < 8; i += 1) features[`c${i}`] = ['a', 'b', 'c', 'd'][Math.floor(random.next() ** 2 * 4)] ?? 'a';
  return observation({
    atMs,
    features: features,
    prediction: random.next() < 0.3 ? 'yes' : 'no',
    confidence: Math.min(1, Math.max(0, 0.8 + 0.08 * normal(random))),
    latencySeconds: 0.02 * Math.exp(0.3 * normal(random)),
  });
}

export function profileOf(rows: readonly Observation[], like: WindowProfile = emptyWindow()): WindowProfile {
  const builder = createWindowBuilder({ like });
  for (const row of rows) builder.add(row);
  return builder.build();
}

export function baselineOf(rows: readonly Observation[]): BaselineProfile {
  const profile = profileOf(rows);
  const bins = new Map(
    [...profile.signals].flatMap(([key, counts]) =>
      counts.kind === 'numeric' ? [[key, quantileBins(counts, 64)] as const] : [],
    ),
  );
  return { version: 1, frozen: false, admittedAtMs: 0, profile, golden: [], bins };
}

/** A model in the state of having seen `rows` after `baselineRows`, which are no longer in memory. */
export function stateOf(
  baselineRows: readonly Observation[] | null,
  rows: readonly Observation[],
  overrides: Partial<MonitoredModelState> = {},
): MonitoredModelState {
  const baseline = baselineRows === null ? null : baselineOf(baselineRows);
  return {
    model: MODEL,
    baseline,
    learning: null,
    window: profileOf(rows, baseline?.profile),
    rows,
    baselineRows: [],
    goldenNow: [],
    forest: null,
    windowForest: null,
    evidence: null,
    consecutiveFailures: 0,
    lastAnswerAtMs: null,
    lastHeardAtMs: null,
    lastProbeFailureAtMs: null,
    probesAnsweredMs: [],
    certificate: null,
    changes: [],
    features: new Map(),
    intake: null,
    experiment: null,
    rowAnalysis: null,
    ...overrides,
  };
}

export const detectIn = (state: MonitoredModelState): Detection => detect(state, DEFAULT_THRESHOLDS, 2_000);

/** Evidence past the line of one signal, whose statistic rose. */
export const alarmOf = (subject: FindingSubject, statistic: string): AlertEvidence => ({
  verdict: 'alarm',
  logEvidence: 20,
  logLine: 10,
  logWarningLine: 5,
  lineShare: 1,
  budgetLeft: 0,
  confirmed: [subject],
  suspects: [],
  changeAtMs: 1,
  provisionalUntilMs: null,
  recovered: false,
  signals: [
    {
      subject,
      watch: 'changed',
      logEvidence: 20,
      logRatio: 18,
      changeAtMs: null,
      direction: 'up',
      statistic,
      blockSamples: 1,
      weight: 0.1,
      note: null,
    },
  ],
  budget: DEFAULT_FALSE_PAGE_BUDGET,
});
