import type { Interval } from './estimate.js';

/**
 * What it costs users, estimated: the share of calls that get no answer, a wrong answer they would not have got before, or an
 * answer far later than before.
 */
export interface Impact {
  readonly harm: 'no-answer' | 'wrong-answer' | 'late-answer';
  /** Share of the calls harmed beyond what was usual, 0–1. */
  readonly share: number;
  readonly interval: Interval;
  /**
   * `counted`: failures or labels · `golden`: the share of golden inputs with another answer · `confidence`: the fall of mean confidence, a
   * stand-in for accuracy that is blind to a changed world.
   */
  readonly basis: 'counted' | 'golden' | 'confidence';
  /** One sentence with the numbers in it. */
  readonly sentence: string;
}
