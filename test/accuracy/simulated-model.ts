import { DriftMonitor } from '../../exporter/src/detection/sequential/drift-monitor.js';
import type { DriftMonitorState } from '../../exporter/src/detection/sequential/drift-monitor-state.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import type { FindingSubject } from '../../exporter/src/domain/finding.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../exporter/src/domain/thresholds.js';
import { admissionVerdict } from '../../exporter/src/baseline/admission.js';
import { steadinessOf } from '../../exporter/src/monitoring/baseline-lifecycle.js';
import { streams, type Streams } from './streams.js';

const HOUR_MS = 3_600_000;
const START_MS = 1_767_225_600_000;

export interface Traffic {
  readonly seed: number;
  readonly perHour: number;
  readonly features: number;
  /** AR(1) correlation from one sample to the next, of every feature and the confidence. */
  readonly correlation: number;
  /** Amplitude, in standard deviations, of a daily wave in every second feature and in the share of one answer. */
  readonly dailyAmplitude: number;
}

/** A model with numeric features whose truth is known, watched under the default configuration as the service would. */
export class SimulatedModel {
  readonly monitor: DriftMonitor;
  private readonly source: Streams;
  private readonly levels: Float64Array;
  private readonly names: readonly string[];
  private samples = 0;
  private lookedAtMs = START_MS;
  admittedAtHour: number | null = null;
  private isOpen = false;

  constructor(
    private readonly traffic: Traffic,
    from?: { readonly samples: number; readonly state: DriftMonitorState; readonly seed: number },
  ) {
    this.monitor = new DriftMonitor('simulated', DEFAULT_FALSE_PAGE_BUDGET, (text) => text, from?.state);
    this.source = streams(from?.seed ?? traffic.seed);
    this.names = Array.from({ length: traffic.features }, (_, i) => `f${i}`);
    this.levels = new Float64Array(traffic.features + 1).map(() => this.source.normal());
    this.samples = from?.samples ?? 0;
    if (from !== undefined) this.admittedAtHour = 0;
  }

  get hour(): number {
    return this.samples / this.traffic.perHour;
  }

  /** Goes on from here as often as wanted, each time with other noise. */
  fork(seed: number): SimulatedModel {
    return new SimulatedModel(this.traffic, {
      samples: this.samples,
      state: JSON.parse(JSON.stringify(this.monitor.snapshot())) as DriftMonitorState,
      seed,
    });
  }

  /**
   * Runs until `untilHour`.
   * @param shift standard deviations added to the first feature
   * @returns the alarms on the way; after each, what it named must be normal again before the evidence starts from nothing
   */
  run(untilHour: number, shift = 0, stopAtAlarm = false): { hour: number; named: readonly FindingSubject[] }[] {
    const alarms: { hour: number; named: readonly FindingSubject[] }[] = [];
    while (this.hour < untilHour) {
      const atMs = this.sample(shift);
      if (!this.isTimeToLook(atMs)) continue;
      this.lookedAtMs = atMs;
      this.monitor.settle(atMs, DEFAULT_BASELINE_REQUIREMENTS.minimumSamples);
      if (this.admittedAtHour === null) this.admit();
      if (!this.monitor.isAlarmed) {
        this.isOpen = false;
        continue;
      }
      if (this.isOpen) {
        if (this.monitor.hasRecovered) this.monitor.resume();
        continue;
      }
      const { confirmed, suspects } = this.monitor.evidence();
      alarms.push({ hour: this.hour, named: confirmed.length > 0 ? confirmed : suspects });
      if (stopAtAlarm) return alarms;
      this.isOpen = true;
    }
    return alarms;
  }

  private isTimeToLook(atMs: number): boolean {
    return atMs - this.lookedAtMs >= Math.max(60_000, HOUR_MS / this.traffic.perHour);
  }

  private admit(): void {
    const requirements = DEFAULT_BASELINE_REQUIREMENTS;
    if (this.samples < requirements.minimumSamples) return;
    const signs = { ...steadinessOf(this.monitor), failing: false, strangeShare: 0 };
    if (admissionVerdict(this.samples, signs, requirements) !== null) return;
    this.monitor.startWatching();
    this.admittedAtHour = this.hour;
  }

  private sample(shift: number): number {
    const { perHour, correlation, dailyAmplitude, features } = this.traffic;
    const { source, levels } = this;
    const atMs = START_MS + (this.samples * HOUR_MS) / perHour;
    const wave = dailyAmplitude === 0 ? 0 : dailyAmplitude * Math.sin((2 * Math.PI * this.hour) / 24);
    const values: Record<string, number> = {};
    for (let j = 0; j <= features; j += 1) levels[j] = source.autoregressive(levels[j] ?? 0, correlation);
    for (let j = 0; j < features; j += 1) {
      values[this.names[j] ?? ''] = (levels[j] ?? 0) + (j % 2 === 1 ? wave : 0) + (j === 0 ? shift : 0);
    }
    const observation: Observation = {
      atMs,
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
    this.monitor.observe(observation);
    this.samples += 1;
    return atMs;
  }
}
