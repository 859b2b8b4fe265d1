import type { IndicatorId } from '../../domain/indicator.js';
import type { CauseId } from '../../domain/cause.js';
import type { DecompositionPartName, Symptoms } from '../../domain/symptoms.js';

/** One concrete version of a cause, e.g. "unit change in `income`". */
export interface Hypothesis {
  readonly title: string;
  readonly features: readonly string[];
  /** Groups of requests it is about, as predicates. */
  readonly segments: readonly string[];
  /** Share of the measured drop it accounts for; null without a measured drop. */
  readonly shareExplained: number | null;
  /** The broader cause whose fitted weights count, for a version of it that is told by a fact. */
  readonly weighedAs?: CauseId;
}

/**
 * One file each; its doc comment says what it predicts. How strongly each indicator speaks for or against it is fitted
 * (`weights.ts`), not written here.
 */
export interface CauseDefinition {
  readonly id: CauseId;
  /** Indicators listed first when the cause is explained. */
  readonly leadIndicators: readonly IndicatorId[];
  /** Every version of the cause worth weighing on these symptoms; empty when nothing points to it. */
  hypotheses(symptoms: Symptoms): readonly Hypothesis[];
}

/** A version of a cause that blames no feature and no segment. */
export const plain = (title: string, more: Partial<Hypothesis> = {}): Hypothesis => ({
  title,
  features: [],
  segments: [],
  shareExplained: null,
  ...more,
});

/** Share of the drop in accuracy or confidence that one part of its decomposition carries, 0–1; null without a material drop. */
export function shareOfDrop(symptoms: Symptoms, part: DecompositionPartName): number | null {
  const { decomposition } = symptoms;
  if (decomposition === null || decomposition.total > -0.02) return null;
  const value = decomposition.parts.find(({ name }) => name === part)?.value ?? 0;
  return Math.min(1, Math.max(0, value / decomposition.total));
}
