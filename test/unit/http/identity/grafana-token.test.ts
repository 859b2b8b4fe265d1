import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SignJWT, generateKeyPair } from 'jose';
import type { Clock, HttpClient } from '../../../../exporter/src/domain/ports.js';
import { createEgress } from '../../../../exporter/src/http/egress.js';
import { createTokenVerifier, type TokenIssuer } from '../../../../exporter/src/http/identity/grafana-token.js';
import { createSigningKeys } from '../../../../exporter/src/http/identity/signing-keys.js';
import { claims, ISSUER, keyServer, mint, tokenKey, type KeyServer, type TokenKey } from './grafana.js';

const NOW = 1_790_000_000_000;
let nowMs = NOW;
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
let server: KeyServer;
let key: TokenKey;
let http: HttpClient & { close(): Promise<void> };
let issuer: TokenIssuer;
let verify: ReturnType<typeof createTokenVerifier>;

beforeAll(async () => {
  server = await keyServer();
  key = await tokenKey('id-2026-09-es256');
  http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
});
afterAll(async () => {
  await http.close();
  await server.close();
});
beforeEach(() => {
  nowMs = NOW;
  server.set([key.jwk]);
  issuer = { issuer: ISSUER, keysUrl: server.url, organisation: 1 };
  verify = createTokenVerifier(createSigningKeys(http, clock), clock);
});

const codeOf = async (token: string | undefined): Promise<string> => {
  const verdict = await verify(token, issuer);
  return verdict.kind === 'person' ? 'person' : verdict.problem.code;
};
const withClaims = (changes: Record<string, unknown>): Promise<string> => mint(key, { ...claims(NOW), ...changes });

it('takes the token Grafana makes, and tells who it is', async () => {
  expect(await verify(await withClaims({}), issuer)).toMatchObject({
    kind: 'person',
    name: 'Ada Lovelace',
    person: {
      issuer: 'grafana',
      id: 'user:12',
      uid: 'be3q1zq',
      login: 'ada',
      email: 'ada@example.org',
      role: 'Admin',
      keyId: 'id-2026-09-es256',
    },
  });
});

describe('refuses', () => {
  const second = Math.floor(NOW / 1_000);
  it.each<[string, Record<string, unknown>, string]>([
    ['another Grafana', { iss: 'http://evil.test/' }, 'wrong-issuer'],
    ['its root URL without the slash', { iss: ISSUER.slice(0, -1) }, 'wrong-issuer'],
    ['no issuer', { iss: undefined }, 'wrong-issuer'],
    ['another organisation', { aud: ['org:2'], namespace: 'org-2' }, 'wrong-organisation'],
    ['no audience', { aud: undefined }, 'wrong-organisation'],
    ['an audience that only begins the same', { aud: ['org:11'] }, 'wrong-organisation'],
    ['another namespace', { namespace: 'org-2' }, 'wrong-organisation'],
    ['no namespace', { namespace: undefined }, 'wrong-organisation'],
    ['an expired token', { iat: second - 600, exp: second - 31 }, 'expired'],
    ['a token without expiry', { exp: undefined }, 'malformed-token'],
    ['a token without a time of issue', { iat: undefined }, 'malformed-token'],
    ['a token from the future', { iat: second + 120, exp: second + 600 }, 'not-yet-valid'],
    ['a token that lives too long', { iat: second - 60, exp: second + 3_600 }, 'too-long-lived'],
    ['a service account', { type: 'service-account', sub: 'service-account:3' }, 'not-a-person'],
    ['an API key', { type: 'api-key', sub: 'api-key:3' }, 'not-a-person'],
    ['an anonymous visitor', { type: 'anonymous', sub: 'anonymous:0' }, 'not-a-person'],
    ['the renderer', { type: 'render-service', sub: 'render:0' }, 'not-a-person'],
    ['a user by type only', { sub: 'service-account:3' }, 'not-a-person'],
    ['a user by subject only', { type: 'service-account' }, 'not-a-person'],
    ['user 0', { sub: 'user:0' }, 'not-a-person'],
    ['no subject', { sub: undefined }, 'malformed-token'],
  ])('%s', async (_, changes, code) => {
    expect(await codeOf(await withClaims(changes))).toBe(code);
  });

  it('no token, two of them, nonsense, and something endless', async () => {
    expect(await codeOf(undefined)).toBe('no-token');
    expect(await codeOf('')).toBe('no-token');
    const token = await withClaims({});
    expect(await codeOf(`${token}, ${token}`)).toBe('several-tokens');
    expect(await codeOf('x')).toBe('malformed-token');
    expect(await codeOf('a.b.c')).toBe('malformed-token');
    expect(await codeOf('a'.repeat(10_000))).toBe('malformed-token');
  });

  it('every changed byte of the token', async () => {
    const token = await withClaims({});
    const [, payload = ''] = token.split('.');
    const from = token.indexOf(payload);
    for (let at = 0; at < token.length; at += 7) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect([at < from ? 'header' : 'rest', await codeOf(changed)]).not.toContain('person');
    }
  });

  it('other algorithms, none among them, and the public key used as an HMAC secret', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none', typ: 'jwt' })}.${part(claims(NOW))}.`;
    expect(await codeOf(unsigned)).toMatch(/wrong-algorithm|malformed-token/);
    const head = `${part({ alg: 'HS256', typ: 'jwt', kid: key.kid })}.${part(claims(NOW))}`;
    const mac = createHmac('sha256', JSON.stringify(key.jwk)).update(head).digest('base64url');
    expect(await codeOf(`${head}.${mac}`)).toBe('wrong-algorithm');
    const rsa = await generateKeyPair('RS256');
    const byRsa = await new SignJWT(claims(NOW))
      .setProtectedHeader({ alg: 'RS256', typ: 'jwt', kid: key.kid })
      .sign(rsa.privateKey);
    expect(await codeOf(byRsa)).toBe('wrong-algorithm');
    expect(await codeOf(await mint(key, claims(NOW), { typ: 'at+jwt' }))).toBe('malformed-token');
  });

  it('a key of somebody else under the right id, and under an unknown one', async () => {
    const thief = await tokenKey(key.kid);
    expect(await codeOf(await mint(thief, claims(NOW)))).toBe('bad-signature');
    expect(await codeOf(await mint(await tokenKey('id-other'), claims(NOW)))).toBe('unknown-key');
  });
});

it('believes an e-mail address only when Grafana calls it verified', async () => {
  for (const email_verified of [false, undefined, 'true']) {
    const verdict = await verify(await withClaims({ email_verified }), issuer);
    expect(verdict).toMatchObject({ kind: 'person', person: { email: null } });
  }
});

it('keeps names to one line and a sane length, and unknown roles to none', async () => {
  const verdict = await verify(await withClaims({ name: `a\nb\u202e${'x'.repeat(500)}`, role: 'Emperor' }), issuer);
  expect(verdict).toMatchObject({ kind: 'person', person: { role: 'None' } });
  if (verdict.kind === 'person') expect(verdict.name).toMatch(/^a b x{1,196}$/);
});

it('accepts tokens of another organisation only when it is the configured one', async () => {
  issuer = { ...issuer, organisation: 7 };
  expect(await codeOf(await withClaims({ aud: ['org:7'], namespace: 'org-7' }))).toBe('person');
  expect(await codeOf(await withClaims({}))).toBe('wrong-organisation');
});

describe('the signing keys', () => {
  it('are asked for once an hour, however many tokens come at once', async () => {
    const before = server.asked();
    const token = await withClaims({});
    await Promise.all(Array.from({ length: 20 }, () => codeOf(token)));
    expect(server.asked() - before).toBe(1);
    nowMs += 30 * 60_000;
    await codeOf(token);
    expect(server.asked() - before).toBe(1);
    nowMs += 31 * 60_000;
    await codeOf(token);
    expect(server.asked() - before).toBe(2);
  });

  it('are fetched anew for an unknown key and for a key replaced under the same id, but not again and again', async () => {
    expect(await codeOf(await withClaims({}))).toBe('person');
    nowMs += 11_000;
    const october = await tokenKey('id-2026-10-es256');
    server.set([key.jwk, october.jwk]);
    expect(await codeOf(await mint(october, claims(nowMs)))).toBe('person');
    nowMs += 11_000;
    const rekeyed = await tokenKey(october.kid);
    server.set([rekeyed.jwk]);
    expect(await codeOf(await mint(rekeyed, claims(nowMs)))).toBe('person');
    const before = server.asked();
    const foreign = await mint(await tokenKey('id-foreign'), claims(nowMs));
    for (let i = 0; i < 50; i += 1) expect(await codeOf(foreign)).toBe('unknown-key');
    expect(server.asked()).toBe(before);
  });

  it('may be null before the first token, and are there a second later', async () => {
    server.set(null);
    expect(await codeOf(await withClaims({}))).toBe('unknown-key');
    server.set([key.jwk]);
    nowMs += 1_500;
    expect(await codeOf(await withClaims({}))).toBe('person');
  });

  it('outlive a Grafana out of reach for a day, not longer; without any nobody is let in', async () => {
    expect(await codeOf(await withClaims({}))).toBe('person');
    server.set('broken');
    nowMs += 2 * 3_600_000;
    expect(await codeOf(await mint(key, claims(nowMs)))).toBe('person');
    nowMs += 23 * 3_600_000;
    expect(await codeOf(await mint(key, claims(nowMs)))).toBe('keys-unavailable');
  });

  it('are not fetched from where egress forbids', async () => {
    const closed = createEgress({ allowHosts: [], allowCidrs: [], allowPorts: [] });
    const before = server.asked();
    const strict = createTokenVerifier(createSigningKeys(closed, clock), clock);
    expect(await strict(await withClaims({}), issuer)).toMatchObject({ problem: { code: 'keys-unavailable' } });
    expect(server.asked()).toBe(before);
    await closed.close();
  });
});
