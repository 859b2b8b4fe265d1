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
   * @returns the evidence since the estimated change, Σ weight·C of the CUSUM twins: the exponential of `logRatio`
   */
  step(x: number, atMs: number): number {
    const { evidence, cusum, resetAtMs, start } = this;
    const { slopes, powers, weights, mean } = this.bets;
    const deviation = x - mean;
    // A power bet is κ(1 − x)^(κ−1); one logarithm serves them all, none where there is no such bet.
    const log = powers.length === 0 ? 0 : Math.log(Math.max(1 - x, 1e-300));
    const linear = slopes.length;
    let sinceChange = 0;
    for (let j = 0; j < weights.length; j += 1) {
      let factor = 0;
      if (j < linear) factor = 1 + (slopes[j] ?? 0) * deviation;
      else {
        const power = powers[j - linear] ?? 0;
        factor = power * Math.exp((power - 1) * log);
      }
      const grown = ((evidence[j] ?? 0) + start) * factor;
      evidence[j] = grown > MOST ? MOST : grown;
      const before = cusum[j] ?? 0;
      let after = factor;
      if (before < 1) resetAtMs[j] = atMs;
      else {
        after = before * factor;
        if (after > MOST) after = MOST;
      }
      cusum[j] = after;
      sinceChange += (weights[j] ?? 0) * after;
    }
    return sinceChange;
  }

  /**
   * `steps` steps with x = 0 at once, by the closed form of what `step` does one by one: each bet multiplies by the same
   * factor f < 1, so R becomes f^n·R + π·(f + f² + … + f^n). For bets on risks: none of them is a power.
   * @param steps at least 1
   * @param lastAtMs when the last of them began
   */
  stepZeros(steps: number, lastAtMs: number): void {
    const { evidence, cusum, resetAtMs } = this;
    const { slopes, mean } = this.bets;
    for (let j = 0; j < slopes.length; j += 1) {
      const factor = 1 - (slopes[j] ?? 0) * mean;
      evidence[j] = this.afterZeros(j, factor, steps);
      const growing = (cusum[j] ?? 0) * factor ** (steps - 1);
      if (growing >= 1) cusum[j] = growing * factor;
      else {
        cusum[j] = factor;
        resetAtMs[j] = lastAtMs;
      }
    }
  }

  private afterZeros(j: number, factor: number, steps: number): number {
    const all = factor ** steps;
    return (this.evidence[j] ?? 0) * all + (this.start * factor * (1 - all)) / (1 - factor);
  }

  /** `value` as it will be after so many steps with x = 0. */
  valueAfterZeros(steps: number): number {
    const { slopes, weights, mean } = this.bets;
    let sum = 0;
    for (let j = 0; j < slopes.length; j += 1)
      sum += (weights[j] ?? 0) * this.afterZeros(j, 1 - (slopes[j] ?? 0) * mean, steps);
    return Math.min(sum, MOST);
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
