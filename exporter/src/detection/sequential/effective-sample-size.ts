const LEAST_SAMPLES = 50;
const MOST_SAMPLES = 2_000;
/** Samples the values seen must be worth if they were independent. */
const LEAST_WORTH = 15;

export interface EffectiveSampleSizeState {
  readonly samples: number;
  readonly sum: number;
  readonly squares: number;
  readonly products: number;
  readonly last: number;
}

/**
 * How far a signal has wandered: successive values that are alike show less of what is normal than their number says. n samples
 * of lag-1 correlation φ are worth n(1 − φ)/(1 + φ) independent ones. Correlation is taken of grid cells, which tames tails.
 */
export class EffectiveSampleSize {
  private samples: number;
  private sum: number;
  private squares: number;
  private products: number;
  private last: number;

  constructor(state?: EffectiveSampleSizeState) {
    this.samples = state?.samples ?? 0;
    this.sum = state?.sum ?? 0;
    this.squares = state?.squares ?? 0;
    this.products = state?.products ?? 0;
    this.last = state?.last ?? 0;
  }

  add(cell: number): void {
    if (this.samples > 0) this.products += cell * this.last;
    this.samples += 1;
    this.sum += cell;
    this.squares += cell * cell;
    this.last = cell;
  }

  get hasSeenEnough(): boolean {
    const { samples } = this;
    if (samples < LEAST_SAMPLES) return false;
    if (samples >= MOST_SAMPLES) return true;
    const mean = this.sum / samples;
    const variance = this.squares / samples - mean * mean;
    if (variance <= 0) return true;
    const correlation = (this.products / (samples - 1) - mean * mean) / variance;
    const phi = Math.min(0.999, Math.max(0, correlation));
    return (samples * (1 - phi)) / (1 + phi) >= LEAST_WORTH;
  }

  snapshot(): EffectiveSampleSizeState {
    const { samples, sum, squares, products, last } = this;
    return { samples, sum, squares, products, last };
  }
}
