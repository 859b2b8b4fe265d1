import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export const ISSUER = 'http://grafana.test:3000/';

export interface TokenKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function tokenKey(kid: string): Promise<TokenKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'ES256' } };
}

/** The claims of Grafana 12.4's ID token for a signed-in user of organisation 1. */
export const claims = (nowMs: number): Record<string, unknown> => ({
  iss: ISSUER,
  aud: ['org:1'],
  sub: 'user:12',
  iat: Math.floor(nowMs / 1_000) - 60,
  exp: Math.floor(nowMs / 1_000) + 540,
  identifier: 'be3q1zq',
  type: 'user',
  namespace: 'default',
  role: 'Admin',
  email: 'ada@example.org',
  email_verified: true,
  username: 'ada',
  name: 'Ada Lovelace',
});

export function mint(
  key: TokenKey,
  payload: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'jwt', kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** Grafana's `/api/signing-keys/keys`, for as many keys as it is given; counts how often it was asked. */
export interface KeyServer {
  readonly url: string;
  readonly asked: () => number;
  /** Null = `{"keys":null}`, as before the first token; `broken` = 500. */
  set(keys: readonly JWK[] | null | 'broken'): void;
  close(): Promise<void>;
}

export async function keyServer(): Promise<KeyServer> {
  let answer: readonly JWK[] | null | 'broken' = null;
  let asked = 0;
  const server: Server = createServer((_, response) => {
    asked += 1;
    if (answer === 'broken') {
      response.writeHead(500).end();
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/signing-keys/keys`,
    asked: () => asked,
    set: (keys) => {
      answer = keys;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
