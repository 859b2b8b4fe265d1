import type { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { DriftMonitorState } from '../detection/sequential/drift-monitor-state.js';

/** The e-detectors' state is written at most this often, and always at a stop, an alarm or an admission. */
const SAVED_EVERY_MS = 10_000;

/** One model's e-detectors: replaced by fresh ones when another normal is learnt, and saved now and then. */
export class RunningDetectors {
  /** The ones that are fed now. */
  monitor: DriftMonitor;
  private factor = 1;
  private savedAtMs = -Infinity;
  private isSaveDue = false;

  constructor(
    private readonly create: (state?: DriftMonitorState) => DriftMonitor,
    restored: DriftMonitorState | null,
  ) {
    this.monitor = create(restored ?? undefined);
  }

  /** Alerts need this many times the evidence the operator asked for. */
  set thresholdFactor(factor: number) {
    this.factor = factor;
    this.monitor.thresholdFactor = factor;
  }

  /** Begins with fresh ones. */
  restart(): void {
    this.monitor = this.create();
    this.monitor.thresholdFactor = this.factor;
  }

  /** The state goes into the next write, whenever it was last written. */
  saveSoon(): void {
    this.isSaveDue = true;
  }

  /** Moves every signal on; an alarm that began is saved soon. */
  settle(nowMs: number, leastSamples: number): void {
    const wasAlarmed = this.monitor.isAlarmed;
    this.monitor.settle(nowMs, leastSamples);
    if (this.monitor.isAlarmed !== wasAlarmed) this.saveSoon();
  }

  startWatching(): void {
    this.monitor.startWatching();
    this.saveSoon();
  }

  /** The state to write now; null when it is not due. */
  toSave(nowMs: number): DriftMonitorState | null {
    return this.isSaveDue || nowMs - this.savedAtMs >= SAVED_EVERY_MS ? this.monitor.snapshot() : null;
  }

  saved(nowMs: number): void {
    this.savedAtMs = nowMs;
    this.isSaveDue = false;
  }
}
