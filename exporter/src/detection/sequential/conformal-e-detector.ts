import { shiftBets } from './bets.js';
import { binsFor, ConformalReference, type ReferenceState } from './conformal-reference.js';
import { counterUniform } from './counter-random.js';
import { Recovery, type RecoveryState } from './recovery.js';
import { EvidenceBank, type BankState } from './shiryaev-roberts.js';
import { StakeClock, type StakeClockSettings } from './stake-clock.js';

/** Blocks the reference needs before p-values can say anything; until then blocks are only counted. */
export const LEAST_REFERENCE_BLOCKS = 20;

export interface ConformalSettings {
  /** Samples per block. */
  readonly blockLength: number;
  /** Samples behind one score: 1, or a divisor of the block length when scores are means themselves. */
  readonly stride?: number;
  /** Shift of the mean p-value that is nobody's business; 0.03 ≈ 0.1 standard deviations of a block. */
  readonly tolerance: number;
  readonly powerBets: boolean;
  /** π at most: mean duration of a block in ticks, fixed when it begins. */
  readonly startWeight: number;
  /** Null where blocks are the clock. */
  readonly clock: StakeClockSettings | null;
  readonly sides: 'both' | 'up';
  readonly seed: number;
}

export interface ConformalState {
  readonly reference: ReferenceState;
  readonly up: BankState;
  readonly down: BankState | null;
  readonly recovery: RecoveryState | null;
  readonly blocks: number;
  readonly sum: number;
  readonly filled: number;
  readonly blockStartedAtMs: number;
  readonly stakedUntilMs?: number | undefined;
}

/**
 * Algorithm S: are the blocks of this score exchangeable with all earlier ones? A block's mean gets a conformal p-value
 * against the growing reference; bets on high and on low p-values feed two evidence banks (docs/detection.md; Vovk et al.
 * 2021 "Retrain or not retrain"; Shin, Ramdas & Rinaldo 2024).
 */
export class ConformalEDetector {
  private readonly reference: ConformalReference;
  private readonly banks: readonly EvidenceBank[];
  private readonly stakes: StakeClock;
  /** Set while frozen. */
  private recovery: Recovery | null = null;
  private blocks = 0;
  private sum = 0;
  private filled = 0;
  private blockStartedAtMs = 0;
  private readonly scoresPerBlock: number;

  constructor(
    private readonly settings: ConformalSettings,
    state?: ConformalState,
    reference?: ReferenceState,
  ) {
    this.reference = new ConformalReference(binsFor(settings.blockLength), state?.reference ?? reference);
    this.scoresPerBlock = settings.blockLength / (settings.stride ?? 1);
    this.banks = this.newBanks(state?.up, state?.down ?? undefined);
    this.stakes = new StakeClock(settings.startWeight, settings.clock, state?.stakedUntilMs);
    if (state === undefined) return;
    this.blocks = state.blocks;
    this.sum = state.sum;
    this.filled = state.filled;
    this.blockStartedAtMs = state.blockStartedAtMs;
    if (state.recovery !== null) this.recovery = new Recovery(state.recovery);
  }

  /** Folds one score of [0, 1]; true when it completed a block. @param clockMs how far time has come, where that is not when it was */
  add(score: number, atMs: number, clockMs = atMs): boolean {
    if (this.filled === 0) this.blockStartedAtMs = atMs;
    this.sum += score;
    this.filled += 1;
    if (this.filled < this.scoresPerBlock) return false;
    const mean = this.sum / this.filled;
    this.sum = 0;
    this.filled = 0;
    this.block(mean, this.blockStartedAtMs, clockMs, clockMs > atMs);
    return true;
  }

  /** Folds the mean of one whole block. */
  private block(mean: number, startedAtMs: number, clockMs: number, isLate: boolean): void {
    const { reference, settings } = this;
    const v = counterUniform(settings.seed, this.blocks);
    this.blocks += 1;
    // A change that came before the reference was there must not become the reference.
    if (this.recovery !== null && !this.isReady) return;
    if (reference.size < LEAST_REFERENCE_BLOCKS) {
      reference.add(mean, true);
      return;
    }
    const p = reference.pValue(mean, v);
    if (this.recovery !== null) {
      this.recovery.add(p);
      return;
    }
    this.stakes.begin(startedAtMs, clockMs);
    const stake = this.stakes.take(clockMs, 1, isLate);
    let sinceChange = 0;
    for (let side = 0; side < this.banks.length; side += 1)
      sinceChange += this.banks[side]?.step(side === 0 ? p : 1 - p, startedAtMs, stake) ?? 0;
    // The sign of `logRatio`, which nobody asks for: is the mean evidence of the sides at most 1?
    reference.add(mean, sinceChange <= this.banks.length);
  }

  /** Evidence in ticks, averaged over the sides. */
  get value(): number {
    return this.banks.reduce((sum, bank) => sum + bank.value, 0) / this.banks.length;
  }

  /** Natural logarithm of the evidence for a change since `changeAtMs`, averaged over the sides. */
  get logRatio(): number {
    return logMean(this.banks.map((bank) => bank.logRatio));
  }

  get strongest(): { readonly direction: 'up' | 'down'; readonly changeAtMs: number } {
    const [up, down] = this.banks;
    const isDown = down !== undefined && up !== undefined && down.value > up.value;
    return { direction: isDown ? 'down' : 'up', changeAtMs: (isDown ? down : up)?.changeAtMs ?? 0 };
  }

  /** False while the reference is too small for any block to look unusual. */
  get isReady(): boolean {
    return this.reference.size >= LEAST_REFERENCE_BLOCKS;
  }

  get referenceBlocks(): number {
    return this.reference.size;
  }

  get blockLength(): number {
    return this.settings.blockLength;
  }

  /**
   * Stops betting and takes the suspected blocks out of the reference; from now on only the end of the change is watched.
   * @param blocks how many blocks the change took to be noticed
   */
  freeze(blocks: number): void {
    this.reference.drop();
    this.recovery = new Recovery(blocks);
  }

  /** While frozen: are blocks as in the reference again? */
  get hasRecovered(): boolean {
    const { recovery, isReady } = this;
    if (recovery === null || !isReady) return true;
    const { tolerance } = this.settings;
    return recovery.within(0.5 - tolerance, 0.5 + tolerance, 1 / 12);
  }

  /** The change is over: the reference stays without what is still under suspicion, evidence starts from nothing. */
  resume(): void {
    if (this.recovery === null && this.logRatio > 0) this.reference.drop();
    this.recovery = null;
    for (const bank of this.banks) bank.reset();
  }

  snapshot(): ConformalState {
    const pair = (banks: readonly EvidenceBank[]): { up: BankState; down: BankState | null } => {
      const [up, down] = banks.map((bank) => bank.snapshot());
      return { up: up ?? { evidence: [], cusum: [], resetAtMs: [] }, down: down ?? null };
    };
    return {
      reference: this.reference.snapshot(),
      ...pair(this.banks),
      recovery: this.recovery?.snapshot() ?? null,
      blocks: this.blocks,
      sum: this.sum,
      filled: this.filled,
      blockStartedAtMs: this.blockStartedAtMs,
      ...this.stakes.snapshot(),
    };
  }

  private newBanks(up?: BankState, down?: BankState): readonly EvidenceBank[] {
    const bets = shiftBets(this.settings.tolerance, this.settings.powerBets);
    const bank = (state?: BankState): EvidenceBank => new EvidenceBank(bets, state);
    return this.settings.sides === 'up' ? [bank(up)] : [bank(up), bank(down)];
  }
}

/** log of the mean of exp(values). */
function logMean(values: readonly number[]): number {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0) / values.length);
}
