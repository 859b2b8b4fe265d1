import { modelOf } from '../fixtures/model.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Model } from '../../exporter/src/domain/model.js';
import type { FailureReason, Features, Observation } from '../../exporter/src/domain/observation.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import type { Random } from '../../exporter/src/domain/ports.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../exporter/src/domain/recommendation.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../exporter/src/domain/thresholds.js';
import { evaluate, type Evaluation } from '../../exporter/src/evaluation/evaluate.js';
import type { MonitoredModelState } from '../../exporter/src/domain/monitored-model-state.js';
import { rowsToAnalyse } from '../../exporter/src/rca/symptoms/symptoms-of.js';
import { analyseRows, NOTHING_TO_ANALYSE } from '../../exporter/src/rca/row-analysis.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { MonitoredModel } from '../../exporter/src/monitoring/monitored-model.js';
import { between, type FaultKind, type Injection, type Live } from './fault.js';
import { answer, type ZooModel, type ZooRow } from './models/zoo-model.js';
import { seedOf, type Split } from './split.js';
import type { Sample } from '../../exporter/src/domain/observation.js';

const HOUR_MS = 3_600_000;
/** A Monday, 00:00 UTC. */
const START_MS = 1_767_571_200_000;
const GOLDEN_INPUTS = 12;
const ADVANCE_EVERY = 40;
const SHAPE = 'class:string,confidence:number';
/** A learning period is extended while a signal is not steady enough; beyond this something is wrong with the zoo. */
const BASELINE_ROWS_AT_MOST = 4;
/** Requests between evaluations of a learning period that has enough rows: few, so that no more clean rows follow its end than a case asks for. */
const LEARNING_ADVANCE_EVERY = 40;
const PEAK_HOURS = [17, 21] as const;

/** One case: a kind of fault in one model under one seed. */
export interface ZooCase {
  readonly kind: FaultKind;
  readonly model: ZooModel;
  readonly seed: string;
}

/** How much of the evidence this case has, and how much traffic. */
interface Regime {
  readonly labels: boolean;
  readonly golden: boolean;
  readonly baselineRows: number;
  readonly cleanRows: number;
  readonly faultyRows: number;
}

export interface Replayed {
  readonly injection: Injection;
  readonly state: MonitoredModelState;
  readonly evaluation: Evaluation;
  /** Evaluations on the way, for the time to the cause: after so many faulty requests. */
  readonly onTheWay: readonly { readonly requests: number; readonly evaluation: Evaluation }[];
  /** True when any evaluation on the way would have paged. */
  readonly paged: boolean;
}

/** Every kind × model × seed of a split; kinds kept for the test appear there only. */
export function zooCases(
  kinds: readonly FaultKind[],
  models: readonly ZooModel[],
  split: Split,
  seedsPerCell: number,
): ZooCase[] {
  return kinds
    .filter(({ testOnly }) => split === 'test' || testOnly !== true)
    .flatMap((kind) =>
      models.flatMap((model) =>
        Array.from({ length: seedsPerCell }, (_, i) => ({
          kind,
          model,
          seed: `${seedOf(split, i)}/${kind.id}/${model.name}`,
        })),
      ),
    );
}

function regimeOf(injection: Injection, random: Random): Regime {
  const hasLabels = random.next() < 0.75;
  const hasGolden = random.next() < 0.9;
  return {
    labels: injection.labels ?? hasLabels,
    golden: injection.golden ?? hasGolden,
    baselineRows: Math.round(between(1_000, 1_600, random)),
    cleanRows: Math.round(between(0, 80, random)),
    faultyRows: Math.round(between(200, 420, random)),
  };
}

/** The model's traffic, one request after the other, with the fault switched on at some point. */
class Traffic {
  private atMs = START_MS;
  private served = 0;

  constructor(
    private readonly model: ZooModel,
    private readonly injection: Injection,
    private readonly regime: Regime,
    private readonly random: Random,
  ) {}

  get nowMs(): number {
    return this.atMs;
  }

  private get isPeak(): boolean {
    const hour = Math.floor((this.atMs - START_MS) / HOUR_MS) % 24;
    return hour >= PEAK_HOURS[0] && hour < PEAK_HOURS[1];
  }

  /** Moves the clock to the next daily peak, if this traffic has one. */
  skipToPeak(): void {
    if (this.injection.peak === undefined) return;
    while (!this.isPeak) this.atMs += HOUR_MS / 4;
  }

  next(live: Live | null): Sample {
    const { injection, regime } = this;
    const row = this.row(live);
    const features = live === null ? row.features : (injection.input?.(row.features, live, row) ?? row.features);
    const { prediction, confidence, failure } = this.serve({ ...row, features }, live, row);
    const hasLabel = regime.labels && failure === null;
    const label = live === null || injection.label === undefined ? row.label : injection.label(row, live);
    this.atMs += this.gapMs();
    this.served += 1;
    return this.sample('ingest', null, features, prediction, confidence, failure, hasLabel ? label : null, live);
  }

  /** The fixed questions: past the pipeline, straight to the model. */
  golden(live: Live | null): Sample[] {
    if (!this.regime.golden) return [];
    return goldenRows(this.model).map((row, i) => {
      const { prediction, confidence, failure } = this.serve(row, live, null);
      return this.sample('golden', `golden-${i}`, null, prediction, confidence, failure, null, live);
    });
  }

  private row(live: Live | null): ZooRow {
    const wanted = live === null ? undefined : this.injection.choose;
    for (;;) {
      const row = this.model.heldOut[Math.floor(this.random.next() * this.model.heldOut.length)];
      if (row === undefined) throw new Error('no rows held out');
      if (wanted !== undefined && !wanted(row)) continue;
      if (this.isPeak && this.injection.peak?.(row) === false && this.random.next() < 0.75) continue;
      return row;
    }
  }

  /** @param original the row before the pipeline touched it; null for golden inputs, which bypass segments and live-only changes */
  private serve(
    row: Pick<ZooRow, 'features' | 'hidden'>,
    live: Live | null,
    original: ZooRow | null,
  ): { prediction: string; confidence: number; failure: FailureReason | null } {
    const { injection, model } = this;
    if (live === null) return { ...answer(model, model.score(row)), failure: null };
    const failure = failureOf(injection, live, original);
    let score = (injection.scorer ?? model.score)(row);
    score = injection.adjust?.(score, live) ?? score;
    if (original !== null && injection.adjustLive !== undefined) score = injection.adjustLive(score, live, original);
    const said = answer(model, score, injection.threshold);
    return {
      prediction: injection.predict?.(said.prediction, live) ?? said.prediction,
      confidence: injection.confidence?.(said.confidence, live) ?? said.confidence,
      failure,
    };
  }

  private gapMs(): number {
    const perHour = this.injection.peak === undefined ? 25 : this.isPeak ? 110 : 10;
    return Math.max(1, Math.round((-Math.log(1 - this.random.next()) * HOUR_MS) / perHour));
  }

  private sample(
    source: 'ingest' | 'golden',
    goldenId: string | null,
    features: Features | null,
    prediction: string,
    confidence: number,
    failure: FailureReason | null,
    label: string | null,
    live: Live | null,
  ): Sample {
    const slow = live === null ? 1 : (this.injection.latencyFactor ?? 1);
    const normal = Math.sqrt(-2 * Math.log(1 - this.random.next())) * Math.cos(2 * Math.PI * this.random.next());
    const observation: Observation = {
      atMs: this.atMs,
      source,
      predictionId: null,
      goldenId,
      features,
      prediction: failure === null ? prediction : null,
      confidence: failure === null ? confidence : null,
      latencySeconds: failure === 'timeout' ? 10 : 0.04 * slow * Math.exp(0.35 * normal),
      failure:
        failure === null
          ? null
          : { reason: failure, detail: '', httpStatus: this.injection.failureStatus ?? null, retryAfterMs: null },
      label,
      modelVersion: live !== null && this.injection.version !== undefined ? this.injection.version : 'v2',
    };
    return { observation, shape: live === null ? SHAPE : (this.injection.shape ?? SHAPE) };
  }
}

/** Segment failures need a segment, so a golden input (no row of the traffic) never meets one. */
function failureOf(injection: Injection, live: Live, row: ZooRow | null): FailureReason | null {
  if (injection.failure === undefined) return null;
  if (row !== null) return injection.failure(live, row);
  return injection.truth.segment === null ? injection.failure(live, EMPTY_ROW) : null;
}
const EMPTY_ROW: ZooRow = { features: {}, hidden: [], label: '' };

/** Fixed questions from surest no over undecided to surest yes, so that every way of changing shows in some of them. */
const goldenOf = new WeakMap<ZooModel, readonly ZooRow[]>();
function goldenRows(model: ZooModel): readonly ZooRow[] {
  const known = goldenOf.get(model);
  if (known !== undefined) return known;
  const sorted = model.heldOut
    .slice(0, 600)
    .map((row) => ({ row, score: model.score(row) }))
    .sort((a, b) => a.score - b.score);
  const rows = Array.from(
    { length: GOLDEN_INPUTS },
    (_, i) => sorted[Math.floor(((i + 0.5) / GOLDEN_INPUTS) * sorted.length)]?.row ?? EMPTY_ROW,
  );
  goldenOf.set(model, rows);
  return rows;
}

function monitoredAs({ model }: ZooCase, hasGolden: boolean): Model {
  const ids = hasGolden ? Array.from({ length: GOLDEN_INPUTS }, (_, i) => `golden-${i}`) : [];
  return modelOf({
    id: modelId(`zoo-${model.name}`),
    name: model.name,
    goldenInputs: ids.map((id) => ({ id, payload: {}, origin: 'user' as const })),
    schedule: {
      intervalMs: HOUR_MS,
      jitterShare: 0,
      concurrency: 1,
      timeoutMs: 1_000,
      probesPerCycle: 1,
      callsPerHour: null,
    },
    createdAtMs: START_MS,
  });
}

interface Started {
  readonly random: Random;
  readonly injection: Injection;
  readonly regime: Regime;
  readonly traffic: Traffic;
}

function startTraffic(zooCase: ZooCase): Started {
  const random = seededRandom(zooCase.seed);
  const injection = zooCase.kind.draw(zooCase.model, random);
  const regime = regimeOf(injection, random);
  return { random, injection, regime, traffic: new Traffic(zooCase.model, injection, regime, random) };
}

/** The same traffic for sending elsewhere: observations in the order they happen, without golden inputs. */
export function trafficOf(zooCase: ZooCase): {
  readonly injection: Injection;
  readonly clean: (requests: number) => Observation[];
  readonly faulty: (requests: number) => Observation[];
} {
  const { random, injection, traffic } = startTraffic(zooCase);
  let index = 0;
  const many = (requests: number, live: () => Live | null): Observation[] =>
    Array.from({ length: requests }, () => traffic.next(live()).observation);
  return {
    injection,
    clean: (requests) => many(requests, () => null),
    faulty: (requests) => many(requests, () => ({ index: (index += 1), progress: 1, random })),
  };
}

/** Judges a watched as the service does: rows are analysed from the second look on. */
function evaluateModel(
  watched: MonitoredModel,
  previous: Evaluation | null,
  nowMs: number,
): { state: MonitoredModelState; evaluation: Evaluation } {
  const plain = watched.modelState();
  const rowAnalysis = previous === null ? NOTHING_TO_ANALYSE : analyseRows(rowsToAnalyse(plain, previous.symptoms));
  const state = { ...plain, rowAnalysis };
  const knowledge = {
    thresholds: DEFAULT_THRESHOLDS,
    lessons: [],
    targets: [],
    validation: null,
    verification: DEFAULT_VERIFICATION_TIMES,
  };
  return { state, evaluation: evaluate(state, knowledge, nowMs) };
}

/**
 * Replays one case through the service's own memory and pipeline: a baseline of clean traffic is learnt and admitted, some
 * more clean traffic follows, then the fault. Deterministic by seed.
 * @param checkpoints numbers of faulty requests after which to evaluate on the way
 */
export function replay(zooCase: ZooCase, checkpoints: readonly number[] = []): Replayed {
  const { random, injection, regime, traffic } = startTraffic(zooCase);
  const watched = new MonitoredModel(
    monitoredAs(zooCase, regime.golden),
    {
      thresholds: DEFAULT_THRESHOLDS,
      requirements: { ...DEFAULT_BASELINE_REQUIREMENTS, minimumSamples: regime.baselineRows },
      budget: DEFAULT_FALSE_PAGE_BUDGET,
      windowMs: 365 * 24 * HOUR_MS,
      rowsKept: 10_000,
      binnedSignals: 200,
      categoriesPerFeature: 1_000,
      featuresPerModel: 500,
    },
    (text) => text,
    () => seededRandom(`${zooCase.seed}/forest`),
    { counters: null, baseline: null, learning: null, windows: [], olderLabels: [], monitor: null, kinds: null },
  );
  if (injection.withoutBaseline !== true) learnBaseline(watched, traffic, regime.baselineRows);
  traffic.skipToPeak();
  for (let i = 0; i < regime.cleanRows && injection.withoutBaseline !== true; i += 1)
    watched.observe([traffic.next(null)], traffic.nowMs);
  const draft = watched.draft();
  for (const change of injection.changes ?? []) draft.recordChange({ ...change, atMs: traffic.nowMs });
  watched.become(draft, draft.records(traffic.nowMs), traffic.nowMs);

  const onTheWay: { requests: number; evaluation: Evaluation }[] = [];
  let paged = false;
  for (let index = 0; index < regime.faultyRows; index += 1) {
    const live: Live = { index, progress: index / Math.max(1, regime.faultyRows - 1), random };
    watched.observe([traffic.next(live)], traffic.nowMs);
    if (index % 50 === 10) watched.observe(traffic.golden(live), traffic.nowMs);
    if (index % ADVANCE_EVERY === ADVANCE_EVERY - 1) watched.advance(traffic.nowMs, false);
    if (checkpoints.includes(index + 1)) {
      judgeAll(watched, traffic.nowMs);
      const { evaluation } = evaluateModel(watched, onTheWay.at(-1)?.evaluation ?? null, traffic.nowMs);
      paged ||= evaluation.pages && evaluation.diagnosis.severity !== 'none';
      onTheWay.push({ requests: index + 1, evaluation });
    }
  }
  judgeAll(watched, traffic.nowMs);
  const before = onTheWay.at(-1)?.evaluation ?? evaluateModel(watched, null, traffic.nowMs).evaluation;
  const { state, evaluation } = evaluateModel(watched, before, traffic.nowMs);
  return {
    injection,
    state,
    evaluation,
    onTheWay,
    paged: paged || (evaluation.pages && evaluation.diagnosis.severity !== 'none'),
  };
}

/** Judges all that has come, as the service does a minute later when nothing more has. */
function judgeAll(watched: MonitoredModel, nowMs: number): void {
  do watched.advance(nowMs + 60_000, false);
  while (watched.isBehind(nowMs + 60_000));
}

/** @throws Error when clean traffic is not admitted as a baseline */
function learnBaseline(watched: MonitoredModel, traffic: Traffic, rows: number): void {
  for (let i = 0; i < BASELINE_ROWS_AT_MOST * rows; i += 1) {
    watched.observe([traffic.next(null)], traffic.nowMs);
    if (i % Math.floor(rows / 4) === 10) watched.observe(traffic.golden(null), traffic.nowMs);
    const every = i + 1 < rows ? ADVANCE_EVERY : LEARNING_ADVANCE_EVERY;
    if ((i + 1 - rows) % every === 0 && watched.advance(traffic.nowMs, false) !== null) return;
  }
  throw new Error(`the baseline was not admitted: ${JSON.stringify(watched.learning?.verdict)}`);
}
