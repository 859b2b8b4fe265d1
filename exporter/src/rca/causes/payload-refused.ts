import { saidBy } from './said-by-failures.js';

/** The model does not take what it took before. Predicts: calls fail with 400, 413, 415 or 422. */
export const payloadRefused = saidBy('payload-refused', 'Payload refused');
