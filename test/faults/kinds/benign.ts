import { inSegment, pickSegment, truth, type FaultKind } from '../fault.js';

/** No fault at all. Naming one is a false cause. */
export const BENIGN_KINDS: readonly FaultKind[] = [
  { id: 'nothing at all', draw: () => ({ truth: truth('none', { page: false }) }) },
  {
    id: 'seasonal peak (no fault)',
    draw: (model, random) => {
      const { feature, value } = pickSegment(model, random, 0.15, 0.45);
      return {
        truth: truth('seasonal-pattern', { page: false, alsoRight: ['none'] }),
        peak: (row) => inSegment(row, feature, value),
      };
    },
  },
];
