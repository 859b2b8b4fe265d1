import { saidBy } from './said-by-failures.js';

/** The connection is refused because of the server’s certificate. Predicts: calls fail before anything is sent. */
export const certificateInvalid = saidBy('certificate-invalid', 'Certificate not accepted');
