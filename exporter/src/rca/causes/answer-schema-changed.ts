import { plain, type CauseDefinition } from './cause-definition.js';
import { saidByFailures } from './said-by-failures.js';
import { has, lostOfAnswers } from '../indicators/indicator.js';

/** The answers are built otherwise than before. Predicts: answers have other fields, lack some, or can no longer be read. */
export const answerSchemaChanged: CauseDefinition = {
  id: 'answer-schema-changed',
  leadIndicators: ['answer-shape-changed', 'unreadable-answers'],
  expects: ['golden-answers-changed', 'release-declared'],
  excludes: ['timeouts', 'transport-failures', 'server-errors'],
  hypotheses(symptoms) {
    const { schema = 0, not_json: notJson = 0 } = symptoms.service.failuresByReason;
    const changed = symptoms.golden.shapeChanged || has(symptoms, 'answer-schema');
    const lost = lostOfAnswers(symptoms);
    if (lost !== null) return [plain(`The responses lack the ${lost} they had`)];
    const isSaid = saidByFailures(symptoms) === 'error-in-answer';
    if (!changed && schema + (isSaid ? 0 : notJson) === 0) return [];
    const [, words] =
      /^no prediction was found in the answer, which says (“[^”]*”)/.exec(symptoms.service.said ?? '') ?? [];
    return [plain(`The responses have another schema${words === undefined ? '' : `: they say ${words}`}`)];
  },
};
