/** What is wrong with the identity of a request, for the person who has to mend it. */
export interface IdentityProblem {
  readonly code:
    | 'no-credential'
    | 'unknown-key-or-secret'
    | 'grafana-not-configured'
    | 'no-token'
    | 'several-tokens'
    | 'malformed-token'
    | 'wrong-algorithm'
    | 'unknown-key'
    | 'bad-signature'
    | 'keys-unavailable'
    | 'wrong-issuer'
    | 'wrong-organisation'
    | 'expired'
    | 'not-yet-valid'
    | 'too-long-lived'
    | 'not-a-person';
  readonly message: string;
}

export const problem = (code: IdentityProblem['code'], message: string): IdentityProblem => ({ code, message });
