import { setImmediate } from 'node:timers/promises';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import type { FindingSubject } from '../../exporter/src/domain/finding.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Observation, Sample } from '../../exporter/src/domain/observation.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../exporter/src/domain/recommendation.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../exporter/src/domain/thresholds.js';
import { atOnce } from '../../exporter/src/domain/turns.js';
import { RowAnalysisSchedule } from '../../exporter/src/evaluation/row-analysis-schedule.js';
import type { IncidentManager } from '../../exporter/src/incidents/incident-manager.js';
import { createMember, type Member } from '../../exporter/src/monitoring/member.js';
import { ModelEvaluation } from '../../exporter/src/monitoring/model-evaluation.js';
import { MonitoredModel } from '../../exporter/src/monitoring/monitored-model.js';
import { readModelState, writeModel } from '../../exporter/src/monitoring/persist.js';
import { NOTHING_TO_ANALYSE } from '../../exporter/src/rca/row-analysis.js';
import { createEventBus } from '../../exporter/src/system/event-bus.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { modelOf } from '../fixtures/model.js';
import { incidentsInMemory } from '../unit/incidents/fixtures.js';
import { MEMBERS_THAT_STAY, QUIET_LOGGER } from '../unit/monitoring/fleet-on-memory.js';
import { MemoryStore } from '../unit/monitoring/memory-store.js';
import { streams, type Streams } from './streams.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A quiet model is evaluated and stored this often, in place of once a minute: both would take most of the time. */
const ROUTINE_MS = 30 * DAY_MS;
const START_MS = 1_767_225_600_000;
const MODEL = modelOf({ id: modelId('simulated'), endpoint: null, createdAtMs: START_MS });

export interface Traffic {
  readonly seed: number;
  readonly perHour: number;
  readonly features: number;
  /** AR(1) correlation from one sample to the next, of every feature and the confidence. */
  readonly correlation: number;
  /** Amplitude, in standard deviations, of a daily wave in every second feature and in the share of one answer. */
  readonly dailyAmplitude: number;
}

/** An incident that opened. */
export interface Page {
  readonly hour: number;
  /** What the evidence named as changed. */
  readonly named: readonly FindingSubject[];
}

/**
 * A model with numeric features whose truth is known, monitored under the default configuration by what the service
 * runs: `MonitoredModel` and `ModelEvaluation` with the incidents that it opens. Evaluations that cannot open one
 * (`mayPage`) are made now and then only. An incident is closed as soon as its evidence is normal again: the service waits
 * for three evaluations without any finding, and an incident that stays open would hide the next false page.
 */
export class SimulatedModel {
  private readonly source: Streams;
  private readonly levels: Float64Array;
  private readonly names: readonly string[];
  private readonly store = new MemoryStore();
  private readonly incidents: IncidentManager;
  private readonly evaluations: ModelEvaluation;
  private readonly member: Member;
  private readonly pages: Page[] = [];
  private nowMs: number;
  private evaluatedAtMs = -Infinity;

  private constructor(
    private readonly traffic: Traffic,
    seed: number,
    private samples: number,
    stored: Awaited<ReturnType<typeof readModelState>>,
  ) {
    this.source = streams(seed);
    this.names = Array.from({ length: traffic.features }, (_, i) => `f${i}`);
    this.levels = new Float64Array(traffic.features + 1).map(() => this.source.normal());
    this.nowMs = this.sampleAtMs;
    const clock = { now: () => this.nowMs, sleep: () => Promise.resolve() };
    const events = createEventBus(QUIET_LOGGER);
    events.subscribe(({ kind }) => {
      if (kind === 'incident-opened') this.page();
    });
    this.incidents = incidentsInMemory(new Map(), { lessons: this.store.lessons, events, clock, logger: QUIET_LOGGER });
    const monitored = new MonitoredModel(
      MODEL,
      {
        thresholds: DEFAULT_THRESHOLDS,
        requirements: DEFAULT_BASELINE_REQUIREMENTS,
        budget: DEFAULT_FALSE_PAGE_BUDGET,
        windowMs: HOUR_MS,
        rowsKept: 5_000,
        binnedSignals: 6,
        categoriesPerFeature: 1_000,
        featuresPerModel: 500,
      },
      (text) => text,
      () => seededRandom(seed),
      stored,
    );
    const stopping = new AbortController();
    const rows = new RowAnalysisSchedule(
      // Segments explain a page and never make one.
      { analyseRows: () => Promise.resolve(NOTHING_TO_ANALYSE), logger: QUIET_LOGGER, clock },
      stopping.signal,
    );
    this.member = createMember(1, monitored, rows, null);
    this.evaluations = new ModelEvaluation(
      {
        store: this.store,
        clock,
        logger: QUIET_LOGGER,
        events,
        incidents: this.incidents,
        members: MEMBERS_THAT_STAY,
        experiments: () => ({ allow: false, callsBudget: 0, callsPerSecond: 1 }),
        knowledge: () => ({
          thresholds: DEFAULT_THRESHOLDS,
          lessons: [],
          targets: [],
          verification: DEFAULT_VERIFICATION_TIMES,
          validation: null,
        }),
        experiment: () => Promise.reject(new Error('no model is asked here')),
        rediscover: () => Promise.reject(new Error('no model is discovered here')),
        found: () => Promise.resolve(),
        noteSetup: () => undefined,
        reprobe: () => undefined,
        request: () => undefined,
        commit: () => undefined,
        writeHeld: () => Promise.resolve(),
      },
      stopping.signal,
    );
  }

  static async start(traffic: Traffic): Promise<SimulatedModel> {
    const nothing = await readModelState(new MemoryStore(), MODEL.id, START_MS, DEFAULT_THRESHOLDS);
    return new SimulatedModel(traffic, traffic.seed, 0, nothing);
  }

  get hour(): number {
    return this.samples / this.traffic.perHour;
  }

  /** Goes on from here as often as wanted, each time with other noise: as after a restart. */
  async fork(seed: number): Promise<SimulatedModel> {
    this.member.monitored.saveDetectorsSoon();
    await this.commit();
    return new SimulatedModel(
      this.traffic,
      seed,
      this.samples,
      await readModelState(this.store, MODEL.id, this.nowMs, DEFAULT_THRESHOLDS),
    );
  }

  /**
   * Runs until `untilHour`.
   * @param shift standard deviations added to the first feature
   * @returns the incidents that opened on the way
   */
  async run(untilHour: number, shift = 0, stopAtPage = false): Promise<readonly Page[]> {
    const before = this.pages.length;
    let batch: Sample[] = [];
    let committedAtMs = this.nowMs;
    while (this.hour < untilHour) {
      const { sampleAtMs: atMs } = this;
      batch.push(this.sample(shift));
      if (atMs - this.nowMs < Math.max(60_000, HOUR_MS / this.traffic.perHour)) continue;
      this.nowMs = atMs;
      this.member.monitored.observe(batch, atMs);
      batch = [];
      await this.evaluate();
      if (stopAtPage && this.pages.length > before) break;
      if (atMs - committedAtMs < ROUTINE_MS) continue;
      committedAtMs = atMs;
      await this.commit();
      // A WeakRef that was read holds its target until the event loop turns, and awaiting alone never turns it.
      await setImmediate();
    }
    return this.pages.slice(before);
  }

  /** An alarm may open an incident at once; when it is over the incident is closed, for one that is open pages no more. */
  private async evaluate(): Promise<void> {
    const { monitored } = this.member;
    const isOpen = this.incidents.current(MODEL.id) !== null;
    const isRoutine = !isOpen && this.nowMs - this.evaluatedAtMs >= ROUTINE_MS;
    if (!isRoutine) monitored.advance(this.nowMs, false);
    if (!isRoutine && monitored.alarm === (isOpen ? 'on' : 'none')) return;
    if (isOpen) await this.incidents.leave(MODEL.id, 'the alarm is over', () => Promise.resolve());
    this.evaluatedAtMs = this.nowMs;
    await this.evaluations.evaluate(this.member);
  }

  /** Stores what was counted, as the service does after every batch. */
  private async commit(): Promise<void> {
    const { written } = await writeModel(this.store, this.member, [], this.nowMs);
    atOnce(this.member.monitored.settle(written, this.nowMs));
  }

  private page(): void {
    const { confirmed, suspects } = this.member.monitored.evidence();
    this.pages.push({ hour: this.hour, named: confirmed.length > 0 ? confirmed : suspects });
  }

  private get sampleAtMs(): number {
    return START_MS + (this.samples * HOUR_MS) / this.traffic.perHour;
  }

  private sample(shift: number): Sample {
    const { correlation, dailyAmplitude, features } = this.traffic;
    const { source, levels } = this;
    const wave = dailyAmplitude === 0 ? 0 : dailyAmplitude * Math.sin((2 * Math.PI * this.hour) / 24);
    const values: Record<string, number> = {};
    for (let j = 0; j <= features; j += 1) levels[j] = source.autoregressive(levels[j] ?? 0, correlation);
    for (let j = 0; j < features; j += 1) {
      values[this.names[j] ?? ''] = (levels[j] ?? 0) + (j % 2 === 1 ? wave : 0) + (j === 0 ? shift : 0);
    }
    const observation: Observation = {
      atMs: this.sampleAtMs,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: values,
      prediction: source.uniform() < 0.3 + 0.1 * wave ? 'yes' : 'no',
      confidence: 1 / (1 + Math.exp(-1 - 0.5 * (levels[features] ?? 0))),
      latencySeconds: Math.exp(0.5 * source.normal() - 2),
      failure:
        source.uniform() < 0.002 ? { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } : null,
      label: null,
      modelVersion: null,
    };
    this.samples += 1;
    return { observation, shape: null };
  }
}
