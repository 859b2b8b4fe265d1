import { weigh, type CauseDefinition } from './cause-definition.js';

/** "I do not know" and "nothing is wrong" are legal answers. */
export const none: CauseDefinition = {
  id: 'none',
  predicts: 'no finding, or findings that fit no known cause',
  prior: 0,
  hypotheses(evidence) {
    const quiet = evidence.findings.length === 0;
    return [
      {
        title: quiet ? 'No cause: nothing is wrong' : 'No cause found',
        features: [],
        shareExplained: null,
        statements: weigh([quiet, 'No check found anything.', 6]),
      },
    ];
  },
};
