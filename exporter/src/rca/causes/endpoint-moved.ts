import { saidBy } from './said-by-failures.js';

/** The server points to another address. Predicts: calls are answered with a redirect. */
export const endpointMoved = saidBy('endpoint-moved', 'Moved to another address');
