/** JSON Web Tokens, and keys with the beginnings and lengths that their issuers give them. */
const ISSUED =
  /\b(?:eyJ[\w-]{8,}(?:\.[\w-]+)*|gh[opsur]_[A-Za-z\d]{36,}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abeprs]-\d[\w-]{19,}|hf_[A-Za-z\d]{30,}|AKIA[A-Z\d]{16}\b|AIza[\w-]{35}|ya29\.[\w-]{20,})/g;
/** What may be a key or the token of an Authorization header, and may be words (`sk_random_forest_v2`, `Bearer certificate`). */
const KEY = /\b(?:[spr]k[-_]([\w-]{16,})|[Bb]earer ([\w.~+/-]{16,}=*))/g;
const BASIC = /\b[Bb]asic ([A-Za-z\d+/]{8,}={0,2})/g;

/** A long run in which digits and letters, or both cases, take turns as in no word. */
const isRandom = (text: string): boolean =>
  UUID.test(text) ||
  text.split(/[^A-Za-z\d]+/).some((run) => run.length >= 12 && /\d[A-Za-z]|[a-z][A-Z].*[a-z][A-Z]/.test(run));
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A user and a password, as Basic authentication writes them. */
const isPair = (base64: string): boolean =>
  /^[\x20-\x7e]+:[^\p{Cc}\ufffd]*$/u.test(Buffer.from(base64, 'base64').toString());

/** A text without what looks like a credential in it. */
export const withoutCredentials = (text: string): string =>
  text
    .replace(KEY, (all, key?: string, token?: string) => (isRandom(key ?? token ?? '') ? '…' : all))
    .replace(BASIC, (all, pair: string) => (isPair(pair) ? '…' : all))
    .replace(ISSUED, '…');

/** Whether a text is what looks like a credential, and nothing else. */
export const isCredential = (text: string): boolean => withoutCredentials(text.trim()) === '…' && text.trim() !== '…';
