import { LEAST_REFERENCE_BLOCKS } from './conformal-e-detector.js';
import { binOf, binsFor, dense, sparse, type ReferenceState, type SparseCounts } from './conformal-reference.js';

/** Blocks of 1, 2, 4 … 2^12 = 4,096 samples are tried. */
const LEVELS = 13;
/** Blocks a length needs in the baseline before it can be chosen: b ≤ N/25 (docs/detection.md). */
const LEAST_BLOCKS = 25;
/**
 * Correlation of neighbouring blocks below which they count as independent, and below which they may be used when nothing
 * better comes in time: with the default tolerance 0.15 gave no false page in four model-months of AR(0.9), 0.5 gave six.
 */
const CORRELATION = {
  independent: 0.025,
  tolerable: 0.15,
} as const;

interface Level {
  carry: number;
  carried: boolean;
  blocks: number;
  sum: number;
  squares: number;
  readonly reference: Uint32Array | null;
}

export interface CalibrationState {
  readonly samples: number;
  readonly levels: readonly (Omit<Level, 'reference'> & { readonly reference: SparseCounts | null })[];
}

/**
 * Measures, while the baseline is learnt, how long a block must be for successive blocks to be independent: streaming
 * variance of block means for blocks of 1, 2, 4 … samples, and the reference counts for each length, so that none of
 * the baseline is lost once the length is chosen. Two additions per sample on average.
 */
export class BlockCalibration {
  /** Those that have had a block: most streams learn from far fewer samples than the longest block takes, and some from none. */
  private readonly levels: Level[];
  private count = 0;

  /** @param keepsReference false where only the correlation is wanted */
  constructor(
    private readonly keepsReference: boolean,
    state?: CalibrationState,
  ) {
    this.count = state?.samples ?? 0;
    this.levels = (state?.levels ?? []).map(({ reference, ...level }, k) => ({
      ...level,
      reference: reference === null ? null : dense(reference, binsFor(1 << k)),
    }));
  }

  private begun(k: number): Level {
    const level: Level = {
      carry: 0,
      carried: false,
      blocks: 0,
      sum: 0,
      squares: 0,
      reference: this.keepsReference ? new Uint32Array(binsFor(1 << k)) : null,
    };
    this.levels.push(level);
    return level;
  }

  get samples(): number {
    return this.count;
  }

  add(score: number): void {
    this.count += 1;
    let value = score;
    for (let k = 0; k < LEVELS; k += 1) {
      const level = this.levels[k] ?? this.begun(k);
      if (level.reference !== null) {
        const bin = binOf(value, level.reference.length);
        level.reference[bin] = (level.reference[bin] ?? 0) + 1;
      }
      level.blocks += 1;
      level.sum += value;
      level.squares += value * value;
      if (!level.carried) {
        level.carry = value;
        level.carried = true;
        return;
      }
      level.carried = false;
      value = (level.carry + value) / 2;
    }
  }

  /**
   * Integrated autocorrelation time τ in samples, from how much slower than 1/b the variance of block means falls:
   * τ ≥ b·Var(block mean)/Var(sample), the largest over all b with at least 25 blocks, each less half a standard error.
   * 1 for independent samples, (1 + φ)/(1 − φ) for AR(1).
   */
  get autocorrelationTime(): number {
    return this.slowest((blocks) => 1 - Math.sqrt(2 / blocks) / 2);
  }

  /**
   * So many independent samples say as much of the mean as these: N/τ (Kish's design effect), with the whole of what was measured as
   * τ. Blocks of b samples are far fewer than that: they are as long as neighbours take to be independent, and each says b/τ times as much.
   */
  get effectiveSamples(): number {
    return this.count / this.slowest(() => 1);
  }

  /** The largest b·Var(block mean)/Var(sample), at least 1. @param trusted share of it that is believed, by the number of blocks */
  private slowest(trusted: (blocks: number) => number): number {
    const single = this.summary(0).variance;
    if (single < 1e-12) return 1;
    let time = 1;
    for (let k = 1; k <= this.longest; k += 1) {
      const { blocks, variance } = this.summary(k);
      time = Math.max(time, ((variance * 2 ** k) / single) * trusted(blocks));
    }
    return time;
  }

  /**
   * Smallest k ≥ `from` whose neighbouring blocks correlate at most so much: for AR(1) that correlation is (τ − 1/τ)/(4b).
   * Null when the baseline holds fewer than 25 blocks of that length.
   */
  choose(from: number, correlation: keyof typeof CORRELATION = 'independent'): number | null {
    const time = this.autocorrelationTime;
    const needed = Math.ceil(Math.log2(Math.max(1, (time - 1 / time) / (4 * CORRELATION[correlation]))));
    const k = Math.max(from, needed);
    return k <= this.longest ? k : null;
  }

  /** Largest k with at least 25 blocks. */
  get longest(): number {
    return this.levels.filter(({ blocks }) => blocks >= LEAST_BLOCKS).length - 1;
  }

  /** Counts of the blocks of 2^k samples seen so far. */
  reference(k: number): ReferenceState | undefined {
    const level = this.levels[k];
    if (level?.reference == null || level.blocks < LEAST_REFERENCE_BLOCKS) return undefined;
    return { counts: sparse(level.reference), pending: [] };
  }

  /** Mean and variance of the means of blocks of 2^k samples, with their number. */
  summary(k: number): { readonly blocks: number; readonly mean: number; readonly variance: number } {
    const level = this.levels[k];
    if (level === undefined || level.blocks === 0) return { blocks: 0, mean: 0, variance: 0 };
    const mean = level.sum / level.blocks;
    return { blocks: level.blocks, mean, variance: Math.max(0, level.squares / level.blocks - mean * mean) };
  }

  snapshot(): CalibrationState {
    return {
      samples: this.count,
      levels: this.levels.map(({ reference, ...rest }) => ({
        ...rest,
        reference: reference === null ? null : sparse(reference),
      })),
    };
  }
}
