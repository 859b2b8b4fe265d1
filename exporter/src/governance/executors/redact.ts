const HIDDEN = '<secret>';
/** Scheme words of an Authorization header are no secrets. */
const SCHEMES = new Set(['bearer', 'basic', 'token', 'digest']);
const SHORTEST_PART = 6;

/** What looks like a credential nobody configured: programs and servers print such things. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\b(authorization\s*[:=]\s*"?)(?:(?:bearer|basic|token)\s+)?[^\s",;]+/gi, `$1${HIDDEN}`],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, `$1${HIDDEN}`],
  [/\b(gh[pousr]_|github_pat_|glpat-|xox[abprs]-|whsec_|hf_|sk-|AKIA|ASIA|glsa_)[A-Za-z0-9_-]{8,}/g, HIDDEN],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, HIDDEN],
  [/(:\/\/[^\s:/@]*:)[^\s/@]+@/g, `$1${HIDDEN}@`],
  [/\b([\w-]*(?:password|passwd|secret|token|api[_-]?key)"?\s*[:=]\s*"?)[^\s",;]+/gi, `$1${HIDDEN}`],
];

/**
 * Text without the given secrets (whole, and each word of them of at least 6 characters; as they are, as JSON and
 * percent-encoded) and without what looks like a credential. To be applied before anything is cut off.
 */
export function redacted(text: string, secrets: readonly string[]): string {
  const known = secrets
    .flatMap((secret) => [secret, ...secret.split(/\s+/).filter((part) => !SCHEMES.has(part.toLowerCase()))])
    .filter((part) => part.length >= SHORTEST_PART)
    .flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)]);
  const longestFirst = [...new Set(known)].sort((a, b) => b.length - a.length);
  const without = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return PATTERNS.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), without);
}
