import { saidBy } from './said-by-failures.js';

/** Calls succeed by their status and hold an error, no value at all, or a page, where the prediction should be. */
export const errorInAnswer = saidBy('error-in-answer', 'Error in a successful response', null, {
  no_answer: 'No usable prediction in the responses',
  not_json: 'No predictions in the responses',
});
