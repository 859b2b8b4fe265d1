import type { Interval } from './estimate.js';

/** How much of a window's rows, taken as a whole, the baseline's isolation forest has not seen the like of. */
export type RowAnomaly =
  | { readonly verdict: 'unknown'; readonly reason: string }
  | {
      readonly verdict: 'usual' | 'unusual';
      readonly rows: number;
      /** Rows whose score is above that of 99 % of the baseline's own. */
      readonly unusualRows: number;
      readonly share: number;
      readonly interval: Interval;
      /** Share of the unusual rows' isolation each feature is responsible for, largest first; empty without such rows. */
      readonly contributions: readonly { readonly feature: string; readonly share: number }[];
    };
