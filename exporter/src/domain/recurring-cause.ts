import type { CauseId } from './cause.js';
import type { ModelId } from './identifiers.js';
import type { ActionId } from './recommendation.js';

/** Hours of the day, or of one day of the week, in which a trouble keeps beginning. UTC; `toHour` may lie on the next day. */
export interface RecurringHours {
  /** 0 = Sunday … 6; null for every day. */
  readonly weekday: number | null;
  readonly fromHour: number;
  readonly toHour: number;
  /** How many of the pattern's incidents began then. */
  readonly incidents: number;
  /** Chance that incidents at random times show hours as narrow as these, every way to choose them counted. */
  readonly pValue: number;
}

/** One cause that keeps coming back to a model, with what should be done about it for good. */
export interface RecurringCause {
  readonly model: ModelId;
  readonly cause: CauseId;
  /** Features to blame every time. */
  readonly features: readonly string[];
  readonly incidents: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Median time from one to the next. */
  readonly everyMs: number;
  /** Null when its beginnings show no hours of their own. */
  readonly hours: RecurringHours | null;
  /** A recommendation that stands while the pattern does: for people, nothing is executed. */
  readonly recommendation: { readonly action: ActionId; readonly title: string; readonly why: string };
}
