import { clopperPearsonUpper } from '../../statistics/clopper-pearson.js';
import { riskBets, type Bets } from './bets.js';
import { Recovery, type RecoveryState } from './recovery.js';
import { EvidenceBank, type BankState, type ZerosStakes } from './shiryaev-roberts.js';
import { StakeClock, type StakeClockSettings } from './stake-clock.js';

/** What the baseline knows of a loss: sums over independent-enough units (samples or blocks). */
export interface RiskBaseline {
  readonly units: number;
  readonly mean: number;
  readonly variance: number;
  /** True when every loss is 0 or 1. */
  readonly binary: boolean;
}

/** A tolerance in shares would hide a rare harm: it is at most half of the bound it is added to, but at least this, 0 excepted. */
const LEAST_TOLERANCE = 0.002;

/**
 * The highest mean the baseline allows, with confidence 1 − `delta`, plus a tolerance. Exact for indicators
 * (Clopper & Pearson 1934), empirical Bernstein for bounded losses (Maurer & Pontil 2009, theorem 4).
 * @returns a bound; 1 or more means the loss cannot get noticeably worse
 */
export function riskBound(baseline: RiskBaseline, delta: number, tolerance: number): number {
  const { units, mean, variance, binary } = baseline;
  if (units < 2) return 1;
  const log = Math.log(2 / delta);
  const bound = binary
    ? clopperPearsonUpper(Math.round(mean * units), units, delta)
    : mean + Math.sqrt((2 * variance * log) / units) + (7 * log) / (3 * (units - 1));
  return bound + Math.min(tolerance, Math.max(LEAST_TOLERANCE, bound / 2));
}

export interface RiskSettings {
  /** The mean the null allows, from `riskBound`. */
  readonly bound: number;
  /** Baseline variance; null for indicators. */
  readonly variance: number | null;
  /** π at most: mean duration of a step in ticks, fixed when it begins. */
  readonly startWeight: number;
  /** Null where steps are the clock. */
  readonly clock: StakeClockSettings | null;
}

export interface RiskState {
  readonly bank: BankState;
  /** Losses of 0 that are not bet on yet; absent when there are none. */
  readonly zeros?:
    { readonly count: number; readonly lastAtMs: number; readonly clockMs?: number | undefined } | undefined;
  readonly recovery: RecoveryState | null;
  readonly stakedUntilMs?: number | undefined;
}

/**
 * Algorithm R: has the mean of a [0, 1] loss risen above what the baseline allows? No assumption on independence after
 * the baseline (Podkopaev & Ramdas 2022 "Tracking the risk of a deployed model"; docs/detection.md).
 */
export class RiskEDetector {
  private readonly bets: Bets;
  private readonly bank: EvidenceBank;
  private readonly stakes: StakeClock;
  /** Losses of 0 that came since the last other one: they are bet on with the next other one, whoever looks meanwhile. */
  private zeros: number;
  private lastZeroAtMs: number;
  private lastZeroClockMs: number;
  private recovery: Recovery | null;

  /** @throws RangeError unless 0 < bound < 1 */
  constructor(
    private readonly settings: RiskSettings,
    state?: RiskState,
  ) {
    this.bets = riskBets(settings.bound, settings.variance);
    this.bank = new EvidenceBank(this.bets, state?.bank);
    this.stakes = new StakeClock(settings.startWeight, settings.clock, state?.stakedUntilMs);
    this.zeros = state?.zeros?.count ?? 0;
    this.lastZeroAtMs = state?.zeros?.lastAtMs ?? 0;
    this.lastZeroClockMs = state?.zeros?.clockMs ?? this.lastZeroAtMs;
    this.recovery = state === undefined || state.recovery === null ? null : new Recovery(state.recovery);
  }

  /** Folds one loss, or the mean loss of one block. @param clockMs how far time has come, where that is not when it was */
  add(loss: number, atMs: number, clockMs = atMs): void {
    this.stakes.begin(atMs, clockMs);
    if (this.recovery !== null) {
      // What comes late of before the change says nothing of whether it is over.
      const isOfBefore = atMs < this.changeAtMs && this.changeAtMs <= clockMs;
      if (!isOfBefore) this.recovery.add(loss);
    } else if (loss === 0) {
      this.zeros += 1;
      this.lastZeroAtMs = atMs;
      this.lastZeroClockMs = clockMs;
    } else {
      this.betOnZeros();
      this.bank.step(loss, atMs, this.stakes.take(clockMs, 1, clockMs > atMs));
    }
  }

  private betOnZeros(): void {
    const { zeros, zerosStakes } = this;
    if (zeros > 0) {
      this.bank.stepZeros(zeros, this.lastZeroAtMs, zerosStakes);
      this.stakes.take(this.lastZeroClockMs, zeros, this.areZerosLate);
    }
    this.zeros = 0;
  }

  /** What the bank is once the zeros are bet on; changes nothing, so that looking does not decide when they are. */
  private get seen(): EvidenceBank {
    if (this.zeros === 0) return this.bank;
    const seen = new EvidenceBank(this.bets, this.bank.snapshot());
    seen.stepZeros(this.zeros, this.lastZeroAtMs, this.zerosStakes);
    return seen;
  }

  private get areZerosLate(): boolean {
    return this.lastZeroClockMs > this.lastZeroAtMs;
  }

  private get zerosStakes(): ZerosStakes {
    return { perStep: this.stakes.perStep, all: this.stakes.look(this.lastZeroClockMs, this.zeros, this.areZerosLate) };
  }

  get bound(): number {
    return this.settings.bound;
  }
  get value(): number {
    return this.zeros === 0 ? this.bank.value : this.bank.valueAfterZeros(this.zeros, this.zerosStakes);
  }
  get changeAtMs(): number {
    return this.seen.changeAtMs;
  }

  /** How much stronger a change explains what was seen, as a logarithm, and when it began. */
  reading(): { readonly logRatio: number; readonly changeAtMs: number } {
    const { logRatio, changeAtMs } = this.seen;
    return { logRatio, changeAtMs };
  }

  /** Stops betting; from now on only the end of the rise is watched. */
  freeze(steps: number): void {
    this.betOnZeros();
    this.recovery = new Recovery(steps);
  }

  /** While frozen: is the loss back under what the baseline allows? */
  get hasRecovered(): boolean {
    const { bound, variance } = this.settings;
    return this.recovery === null || this.recovery.within(0, bound, variance ?? bound * (1 - bound));
  }

  resume(): void {
    this.recovery = null;
    this.zeros = 0;
    this.bank.reset();
  }

  snapshot(): RiskState {
    return {
      bank: this.bank.snapshot(),
      ...(this.zeros === 0
        ? {}
        : { zeros: { count: this.zeros, lastAtMs: this.lastZeroAtMs, clockMs: this.lastZeroClockMs } }),
      recovery: this.recovery?.snapshot() ?? null,
      ...this.stakes.snapshot(),
    };
  }
}
