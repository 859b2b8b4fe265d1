import { has, sentenceOf } from '../indicators/indicator.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/** Nothing fails yet. Predicts: the certificate of the server ends within days, and nothing else is found. */
export const certificateExpiring: CauseDefinition = {
  id: 'certificate-expiring',
  leadIndicators: [],
  expects: [],
  excludes: [],
  hypotheses(symptoms) {
    return has(symptoms, 'certificate-expiry') ? [plain(titleOf(sentenceOf(symptoms, 'certificate-expiry')))] : [];
  },
};

const titleOf = (sentence: string): string =>
  sentence.replace(/^The certificate of the server/, 'Certificate that').replace(/\.$/, '');
