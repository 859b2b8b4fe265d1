import type { WindowProfile } from '../domain/profile.js';

/** Making a window takes as long as so many rows do. */
export const PIECES_OF_A_WINDOW = 40;

/** One window of counts, keyed by its start. */
export interface Window {
  readonly windowStartMs: number;
  readonly profile: WindowProfile;
}

/** What the store is to hold. */
export interface WindowsToStore {
  /** Whole windows, which replace what is stored of them. */
  readonly windows: readonly Window[];
  /** Counts to be added to older ones: there may be thousands, each made when it is asked for, once. */
  readonly amendments: Iterable<Window>;
}
