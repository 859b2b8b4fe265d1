import type { Bets } from './bets.js';

/** Beyond these, evidence is as good as infinite; capping keeps products finite. exp(±690). */
const MOST = 1e300;

export interface BankState {
  readonly evidence: readonly number[];
  readonly cusum: readonly number[];
  readonly resetAtMs: readonly number[];
}

/**
 * A bank of Shiryaev–Roberts e-detectors, one per bet: R ← (R + π)·f(x), so R grows by at most π a step while the null
 * holds, and exponentially once it does not. Beside each runs its CUSUM twin C ← max(C, 1)·f(x), whose last reset
 * estimates when the change began. Constant memory; one multiplication per bet and step.
 *
 * Kept as plain doubles capped at 10^±300 rather than as logarithms: products of f lose no precision in floating point
 * and cost a tenth of log-add-exp. Values leave as logarithms.
 */
export class EvidenceBank {
  private readonly evidence: Float64Array;
  private readonly cusum: Float64Array;
  private readonly resetAtMs: Float64Array;

  /** @param start π: what one step may add while nothing is wrong (a block's length in ticks of the common clock) */
  constructor(
    private readonly bets: Bets,
    private readonly start: number,
    state?: BankState,
  ) {
    const size = bets.weights.length;
    this.evidence = state === undefined ? new Float64Array(size) : Float64Array.from(state.evidence);
    this.cusum = state === undefined ? new Float64Array(size) : Float64Array.from(state.cusum);
    this.resetAtMs = state === undefined ? new Float64Array(size) : Float64Array.from(state.resetAtMs);
  }

  /**
   * One step.
   * @param x the value bet upon: a p-value or a risk, in [0, 1]
   * @param atMs when the step's first sample happened
   */
  step(x: number, atMs: number): void {
    const { slopes, powers, mean } = this.bets;
    const deviation = x - mean;
    let j = 0;
    for (; j < slopes.length; j += 1) this.multiply(j, 1 + (slopes[j] ?? 0) * deviation, atMs);
    if (powers.length === 0) return;
    const log = Math.log(Math.max(1 - x, 1e-300));
    for (const power of powers) {
      this.multiply(j, power * Math.exp((power - 1) * log), atMs);
      j += 1;
    }
  }

  private multiply(j: number, factor: number, atMs: number): void {
    this.evidence[j] = Math.min(((this.evidence[j] ?? 0) + this.start) * factor, MOST);
    const before = this.cusum[j] ?? 0;
    if (before < 1) {
      this.cusum[j] = factor;
      this.resetAtMs[j] = atMs;
    } else this.cusum[j] = Math.min(before * factor, MOST);
  }

  /** Mixture value Σ weight·R, in ticks: what is compared with the line. */
  get value(): number {
    let sum = 0;
    for (let j = 0; j < this.evidence.length; j += 1) sum += (this.bets.weights[j] ?? 0) * (this.evidence[j] ?? 0);
    return Math.min(sum, MOST);
  }

  /** Natural logarithm of the evidence since the estimated change: Σ weight·C of the CUSUM twins. */
  get logRatio(): number {
    let sum = 0;
    for (let j = 0; j < this.cusum.length; j += 1) sum += (this.bets.weights[j] ?? 0) * (this.cusum[j] ?? 0);
    return Math.log(Math.max(sum, 1e-300));
  }

  /** When the change began by the bet that gained most; 0 before the first step. */
  get changeAtMs(): number {
    let best = 0;
    for (let j = 1; j < this.evidence.length; j += 1) {
      const gain = (this.bets.weights[j] ?? 0) * (this.evidence[j] ?? 0);
      if (gain > (this.bets.weights[best] ?? 0) * (this.evidence[best] ?? 0)) best = j;
    }
    return this.resetAtMs[best] ?? 0;
  }

  /** Forgets all evidence. */
  reset(): void {
    this.evidence.fill(0);
    this.cusum.fill(0);
    this.resetAtMs.fill(0);
  }

  snapshot(): BankState {
    return { evidence: [...this.evidence], cusum: [...this.cusum], resetAtMs: [...this.resetAtMs] };
  }
}
