import { modelOf } from '../../fixtures/model.js';
import { createGoldenMemory } from '../../../exporter/src/baseline/golden-memory.js';
import type { AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import type { IntakeSummary } from '../../../exporter/src/domain/ingest.js';
import type { FailureReason, Observation, ServerCertificate } from '../../../exporter/src/domain/observation.js';
import type { ChangeEvent } from '../../../exporter/src/domain/symptoms.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';
import { evaluate, type Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, observation, profileOf, quietRow } from '../detection/rows.js';

const MODEL = modelOf();
export const rowsOf = (seed: string, count = 200): Observation[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => quietRow(random, i + 1));
};
/** @param spread how much the confidence differs from call to call */
export const golden = (prediction: string, confidence: number, spread = 0.005) => {
  const memory = createGoldenMemory((text) => text);
  for (let input = 0; input < 5; input += 1) {
    for (let repeat = 0; repeat < 4; repeat += 1) {
      memory.add(
        observation({
          source: 'golden',
          goldenId: `g${input}`,
          prediction,
          confidence: confidence + spread * (repeat % 2),
        }),
        'prediction:string',
      );
    }
  }
  return memory.build();
};
export const failed = (reason: FailureReason, httpStatus: number | null = null): Observation =>
  observation({
    prediction: null,
    confidence: null,
    failure: { reason, detail: '', httpStatus, retryAfterMs: null },
  });

/** 503 with Retry-After. */
export const refusedToWait = (atMs: number, retryAfterMs: number): Observation =>
  observation({
    atMs,
    prediction: null,
    confidence: null,
    failure: { reason: 'http_5xx', detail: 'the server answered 503: “overloaded”', httpStatus: 503, retryAfterMs },
  });

export interface Case {
  /** When it is evaluated. */
  readonly nowMs?: number;
  readonly rows?: readonly Observation[];
  readonly now?: readonly ReturnType<typeof golden>[number][];
  readonly labels?: { readonly before: number; readonly now: number };
  readonly withBaseline?: boolean;
  /** None, as in a one-off check. */
  readonly evidence?: AlertEvidence;
  /** False as after a restart: counts are there, the rows behind them are not. */
  readonly withBaselineRows?: boolean;
  /** Other rows that the baseline was made of. */
  readonly baselineRows?: readonly Observation[];
  /** Rows still in memory, where that is not all of the window's. */
  readonly rowsInMemory?: readonly Observation[];
  readonly certificate?: ServerCertificate;
  readonly intake?: IntakeSummary | null;
  readonly changes?: readonly ChangeEvent[];
  readonly consecutiveFailures?: number;
  readonly lastFailureReason?: FailureReason;
  /** Counts that are not those of the rows, as after a restart. */
  readonly window?: WindowProfile;
}

export const BASELINE_ROWS = rowsOf('baseline', 600);
const labelsOf = (correct: number) => ({
  labelled: 200,
  correct,
  labelledByConfidence: new Array<number>(10).fill(20),
  correctByConfidence: new Array<number>(10).fill(correct / 10),
  losses: {},
});

/** What the pipeline says of a case made from quiet rows. */
export function evaluated(given: Case): Evaluation {
  const experience = {
    thresholds: DEFAULT_THRESHOLDS,
    lessons: [],
    targets: [],
    validation: null,
    verification: DEFAULT_VERIFICATION_TIMES,
  };
  return evaluate(stateOf(given), experience, given.nowMs ?? 1_000);
}

/** The state of a model in that case. */
export function stateOf({
  rows = rowsOf('now'),
  now = golden('yes', 0.9),
  labels,
  withBaseline = true,
  withBaselineRows = true,
  evidence,
  baselineRows = BASELINE_ROWS,
  rowsInMemory = rows,
  certificate,
  intake = null,
  changes = [],
  consecutiveFailures = 0,
  lastFailureReason,
  window: stored,
}: Case): MonitoredModelState {
  const plain = { ...baselineOf(baselineRows), golden: golden('yes', 0.9) };
  const baseline =
    labels === undefined ? plain : { ...plain, profile: { ...plain.profile, labels: labelsOf(labels.before) } };
  const window = stored ?? profileOf(rows, baseline.profile);
  return {
    model: MODEL,
    baseline: withBaseline ? baseline : null,
    learning: null,
    window: labels === undefined ? window : { ...window, labels: labelsOf(labels.now) },
    rows: rowsInMemory,
    baselineRows: withBaseline && withBaselineRows ? baselineRows : [],
    goldenNow: now,
    forest: null,
    windowForest: null,
    evidence: evidence ?? null,
    consecutiveFailures,
    lastFailureReason: lastFailureReason ?? null,
    lastAnswerAtMs: 1,
    lastHeardAtMs: null,
    lastProbeFailureAtMs: null,
    probesAnsweredMs: [],
    certificate: certificate ?? null,
    changes,
    features: new Map(),
    intake,
    experiment: null,
    rowAnalysis: null,
  };
}
