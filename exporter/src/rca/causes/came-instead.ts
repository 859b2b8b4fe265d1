import { quotedNames } from '../../domain/quantity-text.js';
import type { FeatureEvidence } from '../../domain/symptoms.js';

/** Shares of rows by which two features that go and come may differ and still be one under two names. */
const SAME_SHARE = 0.1;

/**
 * “; “amout” came instead” where rows name as many features that the baseline never had as they name no more, in about the same share of
 * rows: then they may have been renamed. Empty otherwise.
 */
export function insteadText(gone: readonly FeatureEvidence[], all: readonly FeatureEvidence[]): string {
  const come = all.filter(({ missingBefore, missingNow }) => missingBefore === 1 && missingNow < 1);
  const isOne = gone.every(
    ({ absentNow, missingNow: goneNow }) =>
      absentNow > goneNow / 2 && come.every(({ missingNow }) => Math.abs(1 - missingNow - absentNow) <= SAME_SHARE),
  );
  return come.length === gone.length && isOne
    ? `; ${quotedNames(come.map(({ feature }) => feature))} came instead`
    : '';
}
