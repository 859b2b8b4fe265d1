import type { Bets } from './bets.js';

/** Beyond these, evidence is as good as infinite; capping keeps products finite. exp(±690). */
const MOST = 1e300;

export interface BankState {
  readonly evidence: readonly number[];
  readonly cusum: readonly number[];
  readonly resetAtMs: readonly number[];
}

/** What steps with x = 0 stake, in ticks: each of them at most, and all together. */
export interface ZerosStakes {
  readonly perStep: number;
  readonly all: number;
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
  /** Of each bet R, then of each C, then of each its last reset: a model has hundreds of banks, and an array takes as much again. */
  private readonly kept: Float64Array;
  private readonly size: number;

  constructor(
    private readonly bets: Bets,
    state?: BankState,
  ) {
    this.size = bets.weights.length;
    this.kept = new Float64Array(3 * this.size);
    if (state === undefined) return;
    for (const [part, values] of [state.evidence, state.cusum, state.resetAtMs].entries())
      this.kept.set(values.slice(0, this.size), part * this.size);
  }

  /**
   * One step.
   * @param x the value bet upon: a p-value or a risk, in [0, 1]
   * @param atMs when the step's first sample happened
   * @param start π: what the step may add while nothing is wrong, in ticks
   * @returns the evidence since the estimated change, Σ weight·C of the CUSUM twins: the exponential of `logRatio`
   */
  step(x: number, atMs: number, start: number): number {
    const { kept, size } = this;
    const { slopes, powers, weights, mean } = this.bets;
    const deviation = x - mean;
    // A power bet is κ(1 − x)^(κ−1); one logarithm serves them all, none where there is no such bet.
    const log = powers.length === 0 ? 0 : Math.log(Math.max(1 - x, 1e-300));
    const linear = slopes.length;
    let sinceChange = 0;
    for (let j = 0; j < size; j += 1) {
      let factor = 0;
      if (j < linear) factor = 1 + (slopes[j] ?? 0) * deviation;
      else {
        const power = powers[j - linear] ?? 0;
        factor = power * Math.exp((power - 1) * log);
      }
      const grown = ((kept[j] ?? 0) + start) * factor;
      kept[j] = grown > MOST ? MOST : grown;
      const before = kept[size + j] ?? 0;
      let after = factor;
      if (before < 1) kept[2 * size + j] = atMs;
      else {
        after = before * factor;
        if (after > MOST) after = MOST;
      }
      kept[size + j] = after;
      sinceChange += (weights[j] ?? 0) * after;
    }
    return sinceChange;
  }

  /**
   * `steps` steps with x = 0 at once, by the closed form of what `step` does one by one: each bet multiplies by the same
   * factor f < 1, so R becomes f^n·R + π·(f + f² + … + f^n). For bets on risks: none of them is a power.
   * @param steps at least 1
   * @param lastAtMs when the last of them began
   * @param stakes as of `valueAfterZeros`
   */
  stepZeros(steps: number, lastAtMs: number, stakes: ZerosStakes): void {
    const { kept, size } = this;
    const { slopes, mean } = this.bets;
    for (let j = 0; j < slopes.length; j += 1) {
      const factor = 1 - (slopes[j] ?? 0) * mean;
      kept[j] = this.afterZeros(j, factor, steps, stakes);
      const growing = (kept[size + j] ?? 0) * factor ** (steps - 1);
      if (growing >= 1) kept[size + j] = growing * factor;
      else {
        kept[size + j] = factor;
        kept[2 * size + j] = lastAtMs;
      }
    }
  }

  /** The first steps stake: later ones would be known to come just before another value. */
  private afterZeros(j: number, factor: number, steps: number, { perStep, all }: ZerosStakes): number {
    const whole = Math.min(steps, Math.floor(all / perStep));
    const later = factor ** (steps - whole);
    const rest = whole < steps ? (all - whole * perStep) * later : 0;
    const staked = (perStep * later * factor * (1 - factor ** whole)) / (1 - factor);
    return (this.kept[j] ?? 0) * factor ** steps + staked + rest;
  }

  /**
   * `value` as it will be after so many steps with x = 0.
   * @param stakes what each of them stakes, from the first on, until nothing is left of all
   */
  valueAfterZeros(steps: number, stakes: ZerosStakes): number {
    const { slopes, weights, mean } = this.bets;
    let sum = 0;
    for (let j = 0; j < slopes.length; j += 1)
      sum += (weights[j] ?? 0) * this.afterZeros(j, 1 - (slopes[j] ?? 0) * mean, steps, stakes);
    return Math.min(sum, MOST);
  }

  /** Mixture value Σ weight·R, in ticks: what is compared with the line. */
  get value(): number {
    let sum = 0;
    for (let j = 0; j < this.size; j += 1) sum += (this.bets.weights[j] ?? 0) * (this.kept[j] ?? 0);
    return Math.min(sum, MOST);
  }

  /** Natural logarithm of the evidence since the estimated change: Σ weight·C of the CUSUM twins. */
  get logRatio(): number {
    let sum = 0;
    for (let j = 0; j < this.size; j += 1) sum += (this.bets.weights[j] ?? 0) * (this.kept[this.size + j] ?? 0);
    return Math.log(Math.max(sum, 1e-300));
  }

  /** When the change began by the bet that gained most; 0 before the first step. */
  get changeAtMs(): number {
    let best = 0;
    for (let j = 1; j < this.size; j += 1) {
      const gain = (this.bets.weights[j] ?? 0) * (this.kept[j] ?? 0);
      if (gain > (this.bets.weights[best] ?? 0) * (this.kept[best] ?? 0)) best = j;
    }
    return this.kept[2 * this.size + best] ?? 0;
  }

  /** Forgets all evidence. */
  reset(): void {
    this.kept.fill(0);
  }

  snapshot(): BankState {
    // Read back, what is absent is 0: as all of it is until something was bet on.
    const isEmpty = this.kept.every((value) => value === 0);
    const part = (i: number): number[] => (isEmpty ? [] : [...this.kept.subarray(i * this.size, (i + 1) * this.size)]);
    return { evidence: part(0), cusum: part(1), resetAtMs: part(2) };
  }
}
