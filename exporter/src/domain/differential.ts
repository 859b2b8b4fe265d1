import type { Proportion } from './estimate.js';

/**
 * What sets one cause apart from another that looks the same in each signal by itself. Parts that need rows in memory are
 * null after a restart; parts read off counts are not.
 */

/** A group of rows the segment search found, inside and outside. Shares are 0–1. */
export interface SegmentDifference {
  /** Features of its predicates. */
  readonly features: readonly string[];
  /** Its predicates in words, e.g. `country = DE`. Never a rare category. */
  readonly predicate: string;
  readonly rows: number;
  readonly inside: number;
  readonly outside: number;
  /** Share of the whole increase that happens inside. */
  readonly contribution: number;
}

/** Labels that say of predicted classes what they said of others before. */
export interface ExchangedLabels {
  readonly classes: number;
  /** Right predictions as the labels stand. */
  readonly asTheyStand: Proportion;
  /** Right predictions where each class is read as the label it mostly meets. */
  readonly exchanged: Proportion;
  /**
   * By how much predictions still follow the input they followed most in the baseline: 1 as before, 0 not at all, −1 the other way
   * round (slope of the share of a class per value, now on before). Null where they followed none.
   */
  readonly followsInputs: number | null;
}

export interface Differential {
  /** Features that go missing in the same rows: rows with all of them missing ÷ rows with any. From rows. */
  readonly missingTogether: { readonly features: readonly string[]; readonly share: number } | null;
  /**
   * One categorical feature whose new mix explains the other moved features: distance left when baseline rows are
   * re-weighted to the new mix, over the distance before. From rows.
   */
  readonly mixExplains: { readonly feature: string; readonly residual: number } | null;
  /** How far the mix of answers moved among the baseline's unsure half and sure half of answers (total variation). From rows. */
  readonly answerBands: { readonly unsure: number; readonly sure: number } | null;
  /** Failing calls inside and outside the group they concentrate in. From rows. */
  readonly failuresBySegment: SegmentDifference | null;
  /** A category that has (almost) stopped coming while the others kept their proportions. From counts. */
  readonly lostSegment: {
    readonly features: readonly string[];
    readonly predicate: string;
    readonly before: number;
    readonly now: number;
    /** Total variation distance among the remaining categories. */
    readonly restDistance: number;
  } | null;
  /** Rise of the error rate inside and outside the group it concentrates in. From labelled rows. */
  readonly errorsBySegment: SegmentDifference | null;
  /** Feature whose association with the label rose most, as |2·AUC − 1| or Cramér's V. From labelled rows. */
  readonly labelAssociation: { readonly feature: string; readonly before: number; readonly now: number } | null;
  /** Where reading each predicted class as the label it mostly meets exchanges some of them; else null. From the newest labelled rows. */
  readonly exchangedLabels: ExchangedLabels | null;
  /** Share of the drift that vanishes when the window is compared with the same hours of the baseline's days; null when hours say nothing. From rows. */
  readonly sameHour: { readonly explained: number; readonly baselineRows: number } | null;
  /** Spearman correlation of being wrong with time. From labelled rows. */
  readonly errorTrend: number | null;
  /** A numeric feature that lost distinct values or its upper end. From counts. */
  readonly precisionLoss: {
    readonly feature: string;
    readonly kind: 'rounded' | 'capped';
    /** Distinct cells now over those expected at this sample size, or the share piled up at the cap. */
    readonly share: number;
    readonly sentence: string;
  } | null;
  /** Two numeric features that each look like the other did. From counts. */
  readonly swappedPair: { readonly features: readonly [string, string]; readonly fit: number } | null;
  /** Share of the answers that have a label, before and now. */
  readonly labelledBefore: number | null;
  readonly labelledNow: number | null;
}

/** The parts that need rows: all null where rows were not analysed. */
export type RowDifferential = Pick<
  Differential,
  | 'missingTogether'
  | 'mixExplains'
  | 'answerBands'
  | 'failuresBySegment'
  | 'errorsBySegment'
  | 'labelAssociation'
  | 'exchangedLabels'
  | 'sameHour'
  | 'errorTrend'
>;
export type CountDifferential = Omit<Differential, keyof RowDifferential>;
