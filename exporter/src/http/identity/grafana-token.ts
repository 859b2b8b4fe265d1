import { createHash } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { Clock } from '../../domain/ports.js';
import { problem, type IdentityProblem } from './problem.js';
import type { SigningKeys } from './signing-keys.js';
import { ORG_ROLES, type OrgRole, type Person } from '../../domain/actor.js';

/** Whose tokens count. */
export interface TokenIssuer {
  /** Grafana's root URL, with a slash at the end. */
  readonly issuer: string;
  readonly keysUrl: string;
  readonly organisation: number;
}

export type TokenVerdict =
  | { readonly kind: 'person'; readonly person: Person; readonly name: string }
  | { readonly kind: 'refused'; readonly problem: IdentityProblem };

const LEEWAY_SECONDS = 30;
/** Grafana gives its ID tokens ten minutes. */
const LONGEST_LIFE_SECONDS = 600;
const LONGEST_TOKEN_CHARACTERS = 8_192;
const LONGEST_NAME_CHARACTERS = 200;

const refused = (code: IdentityProblem['code'], message: string): TokenVerdict => ({
  kind: 'refused',
  problem: problem(code, message),
});

/** Grafana's name for an organisation in its tokens. */
const namespaceOf = (organisation: number): string => (organisation === 1 ? 'default' : `org-${organisation}`);

/**
 * Checks a Grafana ID token (`X-Grafana-Id`): ES256 by a key of Grafana's, issuer, audience `org:<n>`, namespace, life of at
 * most ten minutes, and that it stands for a person. It says who is asking, not that this request was meant: the shared
 * secret and the digest of the vote are needed as well.
 */
export function createTokenVerifier(
  keys: SigningKeys,
  clock: Clock,
): (token: string | undefined, issuer: TokenIssuer) => Promise<TokenVerdict> {
  return async (token, issuer) => {
    if (token === undefined || token === '')
      return refused(
        'no-token',
        'Grafana sent no ID token (X-Grafana-Id): sign in to Grafana, and call through its plugin proxy',
      );
    if (token.includes(',')) return refused('several-tokens', 'X-Grafana-Id is there more than once');
    if (token.length > LONGEST_TOKEN_CHARACTERS)
      return refused('malformed-token', 'the ID token is too long to be one');
    const held = await keys.get(issuer.keysUrl);
    if (held === null)
      return refused(
        'keys-unavailable',
        `Grafana's signing keys could not be read from ${issuer.keysUrl}: is the address right, and allowed in egress?`,
      );
    const first = await checked(token, held, issuer, clock);
    if (first.kind === 'person' || !['unknown-key', 'bad-signature'].includes(first.problem.code)) return first;
    // Keys change monthly, and Grafana may re-key under the same id.
    const renewed = await keys.refresh(issuer.keysUrl);
    return renewed === null ? first : checked(token, renewed, issuer, clock);
  };
}

async function checked(
  token: string,
  keys: JSONWebKeySet,
  { issuer, organisation }: TokenIssuer,
  clock: Clock,
): Promise<TokenVerdict> {
  const now = clock.now();
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
      typ: 'jwt',
      issuer,
      audience: `org:${organisation}`,
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat', 'sub'],
    });
    return personOf(payload, protectedHeader.kid ?? '', token, organisation, now);
  } catch (error) {
    return refusalOf(error, token, issuer, organisation);
  }
}

function personOf(
  payload: JWTPayload,
  keyId: string,
  token: string,
  organisation: number,
  nowMs: number,
): TokenVerdict {
  const { sub = '', iat = 0, exp = 0 } = payload;
  if (iat > nowMs / 1_000 + LEEWAY_SECONDS)
    return refused('not-yet-valid', 'the ID token is from the future: compare the clocks of Grafana and of mlfi');
  if (exp - iat > LONGEST_LIFE_SECONDS)
    return refused('too-long-lived', 'the ID token lives longer than the ten minutes Grafana gives');
  if (payload['namespace'] !== namespaceOf(organisation))
    return refused('wrong-organisation', `the ID token is for another namespace than ${namespaceOf(organisation)}`);
  if (payload['type'] !== 'user' || !/^user:[1-9]\d*$/.test(sub))
    return refused(
      'not-a-person',
      'the ID token stands for no person: service accounts, API keys and anonymous users do not decide',
    );
  const login = textOf(payload['username']) ?? sub;
  const role = ORG_ROLES.find((known) => known === payload['role']) ?? ('None' satisfies OrgRole);
  const person: Person = {
    issuer: 'grafana',
    id: sub,
    uid: textOf(payload['identifier']),
    login,
    email: payload['email_verified'] === true ? textOf(payload['email']) : null,
    role,
    authenticatedBy: textOf(payload['authenticatedBy']),
    keyId: keyId.slice(0, LONGEST_NAME_CHARACTERS),
    tokenHash: createHash('sha256').update(token).digest('hex'),
  };
  return { kind: 'person', person, name: textOf(payload['name']) ?? login };
}

function refusalOf(error: unknown, token: string, issuer: string, organisation: number): TokenVerdict {
  if (error instanceof errors.JWTExpired)
    return refused(
      'expired',
      'the ID token has expired: load the page anew, and compare the clocks of Grafana and of mlfi',
    );
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return refused('unknown-key', 'the ID token is signed with a key Grafana does not list');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('bad-signature', 'the signature of the ID token is wrong');
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused('wrong-algorithm', 'the ID token is not signed with ES256');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss')
      return refused(
        'wrong-issuer',
        `the ID token is from another Grafana than ${issuer}: identity.grafana.url must be its root_url`,
      );
    if (error.claim === 'aud') {
      return refused(
        'wrong-organisation',
        `the ID token is for another organisation than ${organisation}: switch to it in Grafana, or set identity.grafana.organisation`,
      );
    }
    return refused('malformed-token', `the ID token's "${error.claim}" is not as it should be`);
  }
  return refused(
    algorithmOf(token) === 'none' ? 'wrong-algorithm' : 'malformed-token',
    'X-Grafana-Id is not a Grafana ID token',
  );
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** A claim as text for people: one line, capped; null when it is none. */
function textOf(claim: unknown): string | null {
  if (typeof claim !== 'string') return null;
  const text = claim
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME_CHARACTERS);
  return text === '' ? null : text;
}
