import { saidBy } from './said-by-failures.js';

/** Callers ask more often than they may. Predicts: calls are refused with 429. */
export const rateLimited = saidBy('rate-limited', 'Limit on calls reached', 'overloaded-endpoint');
