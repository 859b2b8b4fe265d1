import { saidBy } from './said-by-failures.js';

/** There is a server and no model at the path any more. Predicts: calls fail with 404, 405 or 410. */
export const endpointNotFound = saidBy('endpoint-not-found', 'Nothing at its path any more');
