import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * Labels come late or not at all; the model itself may be fine. Whatever else a check found, this does not explain it.
 * Predicts: far fewer answers have a label than usual, and nothing else.
 */
export const labelDelay: CauseDefinition = {
  id: 'label-delay',
  leadIndicators: ['labels-stopped'],
  expects: [],
  excludes: ['anything-found'],
  hypotheses(symptoms) {
    if (symptoms.findings.some(({ kind }) => kind !== 'note')) return [];
    const { labelledBefore, labelledNow } = symptoms.differential;
    const stopped = (labelledBefore ?? 0) >= 0.2 && (labelledNow ?? 1) < 0.6 * (labelledBefore ?? 0);
    return stopped ? [plain('Late labels')] : [];
  },
};
