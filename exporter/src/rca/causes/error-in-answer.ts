import { saidBy } from './said-by-failures.js';

/** Calls succeed by their status and hold an error where the prediction should be. */
export const errorInAnswer = saidBy('error-in-answer', 'Error in a successful response');
