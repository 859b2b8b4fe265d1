import { isAboutAnswers } from '../../domain/generation.js';
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
  /** Indicators that say nothing about this version of the cause, although they do about another. */
  readonly ignores?: readonly IndicatorId[];

  /** The broader cause whose fitted weights count, for a version of it that is told by a fact. */
  readonly weighedAs?: CauseId;
}

/**
 * One file each; its doc comment says what it predicts. Which indicators speak for it and which against it is written here, how
 * strongly is fitted (`weights.ts`). Indicators it does not name are no reason for or against it, and are never said to be.
 */
export interface CauseDefinition {
  readonly id: CauseId;
  /** Indicators without which the cause would not be thought of: they speak for it, are listed first, and their absence is told. */
  readonly leadIndicators: readonly IndicatorId[];
  /** Others that speak for it when they hold. */
  readonly expects: readonly IndicatorId[];
  /** Indicators that speak against it when they hold, and for it when they do not. */
  readonly excludes: readonly IndicatorId[];
  /** Every version of the cause worth weighing on these symptoms; empty when nothing points to it. */
  hypotheses(symptoms: Symptoms): readonly Hypothesis[];
}

/** 1: the indicator speaks for the cause when it holds · −1: against it · 0: it says nothing about it. */
export function directionOf(
  { leadIndicators, expects, excludes }: CauseDefinition,
  indicator: IndicatorId,
): -1 | 0 | 1 {
  if (leadIndicators.includes(indicator) || expects.includes(indicator)) return 1;
  return excludes.includes(indicator) ? -1 : 0;
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

/** What a language model writes is of another kind than before; its confidence is that of the words it writes, so it moves with them. */
export const writesOtherwise = ({ findings }: Symptoms): boolean =>
  findings.some(({ subject }) => isAboutAnswers(subject));

/** The answers, or whoever runs the model, say that it is another version since about when the change began. */
export const isAnotherVersion = ({ changes, changePoint }: Symptoms): boolean =>
  (changePoint?.declared ?? changes).some(({ kind }) => kind === 'model-version');
