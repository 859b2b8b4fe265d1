import { has, sentenceOf } from '../indicators/indicator.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/** What the sender writes cannot be read any more. Predicts: most rows that come are refused, and nothing else is found in the few that are not. */
export const rowsRefused: CauseDefinition = {
  id: 'rows-refused',
  leadIndicators: [],
  expects: [],
  excludes: [],
  hypotheses: (symptoms) =>
    has(symptoms, 'refused-rows') ? [plain(titleOf(sentenceOf(symptoms, 'refused-rows')))] : [],
};

function titleOf(sentence: string): string {
  const why = /Most of them (.*)\.$/.exec(sentence)?.[1];
  return why === undefined ? 'Rows that are sent are refused' : `Rows that are sent are refused: they ${why}`;
}
