import type { IndicatorId } from '../../domain/indicator.js';
import type { CauseId } from '../../domain/cause.js';

/** The fitted table. Log-odds of a hypothesis = (prior + Σ weight · indicator) ÷ temperature. */
export interface CauseWeights {
  /** What it was fitted on and how good the fit is there. */
  readonly provenance: string;
  /** Fitted on tuning seeds, so that probabilities say how often they are right (Guo et al. 2017). */
  readonly temperature: number;
  /** The order of the weights in each row. */
  readonly indicators: readonly IndicatorId[];
  /** Prior log-odds, then per indicator the log-odds when it holds: the same negated when it does not, nothing when it cannot be told. */
  readonly causes: Readonly<Partial<Record<CauseId, readonly number[]>>>;
}
