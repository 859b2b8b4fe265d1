import { saidBy } from './said-by-failures.js';

/** The model answers, and not to this caller. Predicts: calls fail with 401, 403 or 407. */
export const credentialsRefused = saidBy('credentials-refused', 'Credentials refused');
