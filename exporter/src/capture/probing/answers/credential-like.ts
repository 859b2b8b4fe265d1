/** JSON Web Tokens, keys with the beginnings that their issuers give them, and what an Authorization header holds. */
const CREDENTIAL =
  /\beyJ[\w-]{8,}(?:\.[\w-]+)*|\b(?:sk|pk|rk)[-_](?=[\w-]*\d)[\w-]{16,}|\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeprs]-|hf_|AKIA|AIza|ya29\.)[\w.-]{12,}|\b(?:Bearer|Basic) [\w.~+/-]{12,}=*/gi;

/** A text without what looks like a credential in it. */
export const withoutCredentials = (text: string): string => text.replace(CREDENTIAL, '…');

/** Whether a text is what looks like a credential, and nothing else. */
export const isCredential = (text: string): boolean => withoutCredentials(text.trim()) === '…' && text.trim() !== '…';
