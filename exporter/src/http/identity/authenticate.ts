import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { API_SCOPES, type Scope } from '../../domain/api-key.js';
import type { ApiKeyId } from '../../domain/identifiers.js';
import { findApiKey, isApiKey, readApiKey, type ApiKeyCheck } from './api-keys.js';
import type { TokenIssuer, TokenVerdict } from './grafana-token.js';
import { problem, type IdentityProblem } from './problem.js';
import type { RememberedApiKeys } from './remembered-api-keys.js';
import type { Actor, OrgRole } from '../../domain/actor.js';

export interface IdentitySettings {
  readonly grafana: (TokenIssuer & { readonly sharedSecret: Hidden }) | null;
  readonly localPeople: readonly {
    readonly login: string;
    readonly name: string;
    readonly role: OrgRole;
    readonly token: Hidden;
  }[];
}
interface Hidden {
  reveal(): string;
}

export type Authentication =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'refused';
      readonly problem: IdentityProblem;
      /** The id of the API key that was sent; nothing of its secret is in it. */
      readonly key: ApiKeyId | null;
    }
  | {
      readonly kind: 'known';
      readonly actor: Actor;
      readonly scopes: readonly Scope[];
      /** Why this is nobody in person although it came through Grafana. */
      readonly problem: IdentityProblem | null;
    };

export interface AuthenticationPorts extends ApiKeyCheck {
  readonly keys: Pick<RememberedApiKeys, 'get' | 'recall'>;
  readonly settings: () => IdentitySettings;
  readonly verifyToken: (token: string | undefined, issuer: TokenIssuer) => Promise<TokenVerdict>;
}

/** Set by Grafana per route of the plugin, over whatever the browser sent. */
const GRANT_HEADER = 'x-route-grant';
/** Headers only Grafana's plugin proxy adds: their sender gets 403, because Grafana repeats a request answered with 401. */
const GRAFANA_HEADERS = ['x-grafana-id', 'x-grafana-context', GRANT_HEADER];

const SCOPES_OF_ROLE: Readonly<Record<OrgRole, readonly Scope[]>> = {
  None: [],
  Viewer: ['read'],
  Editor: ['read', 'operate', 'propose', 'approve'],
  Admin: ['read', 'operate', 'propose', 'approve', 'admin'],
};

/** Equal texts, in a time that does not depend on where they differ. */
function matches(given: string, secret: Hidden): boolean {
  return timingSafeEqual(digestOf(given), digestOf(secret.reveal()));
}
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a credential counts, by what is in memory where that can be: a flood of wrong ones costs the store nothing. */
export function createRecogniser(
  ports: Pick<AuthenticationPorts, 'keys' | 'clock' | 'settings'>,
): (headers: IncomingHttpHeaders) => Promise<boolean> {
  return async ({ authorization = '' }) => {
    const bearer = bearerIn(authorization);
    if (bearer.startsWith('mlfi_')) return isApiKey(ports, bearer);
    const { grafana, localPeople } = ports.settings();
    const secrets = [...localPeople.map(({ token }) => token), ...(grafana === null ? [] : [grafana.sharedSecret])];
    return secrets.some((secret) => matches(bearer, secret));
  };
}

/**
 * Tells who is calling: an API key (a machine), a local person by a token of their own, or a Grafana user by the shared
 * secret of the plugin route and an ID token. Without a valid ID token Grafana may still read, and nothing else.
 */
export function createAuthenticator(
  ports: AuthenticationPorts,
): (headers: IncomingHttpHeaders) => Promise<Authentication> {
  return async (headers) => {
    const viaGrafana = GRAFANA_HEADERS.some((name) => headers[name] !== undefined);
    const bearer = bearerIn(headers.authorization ?? '');
    if (bearer === '') {
      return viaGrafana
        ? refusal(
            'no-credential',
            "Grafana sent no secret: enter the exporter's shared secret in the plugin's configuration",
          )
        : { kind: 'absent' };
    }
    if (bearer.startsWith('mlfi_')) return byApiKey(ports, bearer);
    const { grafana, localPeople } = ports.settings();
    const person = localPeople.find(({ token }) => matches(bearer, token));
    if (person !== undefined) return asLocalPerson(person);
    if (grafana === null) {
      return refusal(
        viaGrafana ? 'grafana-not-configured' : 'unknown-key-or-secret',
        viaGrafana
          ? 'this exporter knows no Grafana: set identity.grafana.url and identity.grafana.shared_secret_file'
          : 'this bearer token is not known here',
      );
    }
    if (!matches(bearer, grafana.sharedSecret))
      return refusal(
        'unknown-key-or-secret',
        "this is neither an API key nor the shared secret: enter identity.grafana.shared_secret in the plugin's configuration",
      );
    return byGrafana(ports, grafana, headers);
  };
}

/**
 * The token of a Bearer header, or the password of a Basic one when it is an API key: loggers of model servers know an
 * address and nothing else, and send what stands in it (`http://any:mlfi_…@mlfi`) as Basic.
 */
function bearerIn(header: string): string {
  const basic = /^Basic\s+([A-Za-z0-9+/=]{1,400})\s*$/i.exec(header)?.[1];
  const password =
    basic === undefined
      ? ''
      : Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/s, '');
  return password.startsWith('mlfi_') ? password : header.replace(/^Bearer(\s+|$)/i, '').trim();
}

const refusal = (code: IdentityProblem['code'], message: string, key: ApiKeyId | null = null): Authentication => ({
  kind: 'refused',
  problem: problem(code, message),
  key,
});

async function byApiKey(ports: AuthenticationPorts, text: string): Promise<Authentication> {
  const key = await findApiKey(ports, text);
  if (key === null) {
    const message = 'this API key is not known, has expired or was revoked';
    return refusal('unknown-key-or-secret', message, readApiKey(text)?.id ?? null);
  }
  const scopes = API_SCOPES.filter((scope) => key.scopes.includes(scope));
  return { kind: 'known', actor: { kind: 'api-key', subject: `key:${key.id}`, name: key.name }, scopes, problem: null };
}

function asLocalPerson({ login, name, role }: IdentitySettings['localPeople'][number]): Authentication {
  const person = { issuer: 'local', id: login, uid: null, login, email: null, role } as const;
  const proof = { authenticatedBy: null, keyId: null, tokenHash: null };
  return {
    kind: 'known',
    actor: { kind: 'user', subject: `local:${login}`, name, person: { ...person, ...proof } },
    scopes: SCOPES_OF_ROLE[role],
    problem: null,
  };
}

async function byGrafana(
  ports: AuthenticationPorts,
  issuer: TokenIssuer,
  headers: IncomingHttpHeaders,
): Promise<Authentication> {
  const granted = grantsOf(headers[GRANT_HEADER]);
  const verdict = await ports.verifyToken(headers['x-grafana-id'] as string | undefined, issuer);
  if (verdict.kind === 'refused') {
    return {
      kind: 'known',
      actor: { kind: 'api-key', subject: 'grafana', name: 'Grafana, for nobody in particular' },
      scopes: granted.filter((scope) => scope === 'read'),
      problem: verdict.problem,
    };
  }
  const { person, name } = verdict;
  const actor: Actor = { kind: 'user', subject: `grafana:${person.id}`, name, person };
  return { kind: 'known', actor, scopes: granted, problem: null };
}

/** What the plugin's route was opened for; without the header, reading. */
function grantsOf(header: string | string[] | undefined): readonly Scope[] {
  const words = String(header ?? 'read').split(/[\s,]+/);
  return (['read', 'operate', 'propose', 'approve', 'admin'] as const).filter((scope) => words.includes(scope));
}
