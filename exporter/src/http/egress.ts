import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, request } from 'undici';
import { BrokenOff, type Downloads } from '../domain/download.js';
import type { Failure, FailureReason, ServerCertificate } from '../domain/observation.js';
import type { HttpClient } from '../domain/ports.js';
import { certificateOf, createTlsAgents, UnreadableCertificate, type TlsOptions } from './tls-agents.js';

/** Where this process may call besides public addresses. */
export interface EgressPolicy {
  /** Host names that may resolve to anything; `*.example.org` stands for every name that ends so with more labels before. */
  readonly allowHosts: readonly string[];
  /** Address ranges besides public unicast, e.g. `10.0.0.0/8`. */
  readonly allowCidrs: readonly string[];
  /** Empty = any. */
  readonly allowPorts: readonly number[];
  /** Of an answer of a model; the default of the configuration when not given. */
  readonly maximumResponseBytes?: number;
}

const MAXIMUM_RESPONSE_BYTES = 1_048_576;

const LARGEST_HEADER_BYTES = 16_384;

class Blocked extends Error {
  readonly code = 'MLFI_BLOCKED';
}

/** The address without IPv4-in-IPv6 wrapping. */
function unwrapped(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  return ipaddr.process(address.replace(/^\[|\]$/g, ''));
}

/** `::a.b.c.d`, deprecated by RFC 4291 §2.5.5.1; ipaddr.js calls it plain unicast. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');

function isIpv4Compatible(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv6 && address.match(IPV4_COMPATIBLE);
}

/** True for public unicast addresses and those in a listed range. Translated and tunnelled ranges count as not public. */
export function isAllowedAddress(address: string, cidrs: readonly string[]): boolean {
  const parsed = unwrapped(address);
  if (parsed.range() === 'unicast' && !isIpv4Compatible(parsed)) return true;
  return cidrs.some((cidr) => {
    const [range, bits] = ipaddr.parseCIDR(cidr);
    return range.kind() === parsed.kind() && parsed.match(range, bits);
  });
}

/**
 * Whether a name is one of the listed ones, or below one listed as `*.…`. Compared label by label, without case and without
 * the dot that may end a full name; an address never matches a pattern.
 */
export function hostMatcher(patterns: readonly string[]): (hostname: string) => boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  const names = new Set(patterns.filter((pattern) => !pattern.startsWith('*.')).map(plain));
  const suffixes = patterns
    .filter((pattern) => pattern.startsWith('*.'))
    .map((pattern) => plain(pattern.slice(2)).split('.'));
  return (hostname) => {
    const name = plain(hostname);
    if (names.has(name)) return true;
    if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return false;
    const labels = name.split('.');
    if (labels.includes('')) return false;
    return suffixes.some(
      (suffix) =>
        labels.length > suffix.length &&
        suffix.every((label, i) => label === labels[labels.length - suffix.length + i]),
    );
  };
}

/**
 * The one way out of the process. The guard sits in the connector, because Node never calls `lookup` for literal
 * addresses: the literal, every DNS answer and the connected peer are checked. Redirects are not followed; the size limit
 * counts bytes after decompression.
 * @throws RangeError when an entry of `allowCidrs` is not an address range.
 */
export function createEgress(policy: EgressPolicy): HttpClient & Downloads & { close(): Promise<void> } {
  for (const cidr of policy.allowCidrs) {
    if (!ipaddr.isValidCIDR(cidr))
      throw new RangeError(`egress.allow_cidrs: "${cidr.slice(0, 80)}" is not an address range such as 10.0.0.0/8`);
  }
  const allowsHost = hostMatcher(policy.allowHosts);
  const guard = (hostname: string, address: string): void => {
    if (allowsHost(hostname) || isAllowedAddress(address, policy.allowCidrs)) return;
    throw new Blocked(
      `${hostname} is an address this service may not call; list it in egress.allow_cidrs or egress.allow_hosts to allow it`,
    );
  };
  const guardedLookup: LookupFunction = (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      try {
        for (const { address } of addresses) guard(hostname, address);
      } catch (blocked) {
        return done(blocked as Blocked, []);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  const certificates = new Map<string, ServerCertificate>();
  /** Connections that were made to each origin: a call during which none was made had one that was there. */
  const made = new Map<string, number>();
  const agentWith = (tls: TlsOptions): Agent => {
    const connect = buildConnector({ ...tls, lookup: guardedLookup });
    return new Agent({
      maxHeaderSize: LARGEST_HEADER_BYTES,
      connect: (options, callback) => {
        const literal = options.hostname.replace(/^\[|\]$/g, '');
        try {
          if (isIP(literal) !== 0) guard(options.hostname, literal);
        } catch (blocked) {
          callback(blocked as Blocked, null);
          return;
        }
        connect(options, (error, socket) => {
          if (error !== null) {
            callback(error, null);
            return;
          }
          try {
            guard(options.hostname, socket.remoteAddress ?? '0.0.0.0');
            const certificate = certificateOf(socket);
            if (certificate !== null) certificates.set(originOf(options), certificate);
            made.set(originOf(options), (made.get(originOf(options)) ?? 0) + 1);
            callback(null, socket);
          } catch (blocked) {
            socket.destroy();
            callback(blocked as Blocked, null);
          }
        });
      },
    });
  };
  const agent = agentWith({});
  const agents = createTlsAgents(agentWith);

  return {
    async call(call) {
      const startedAt = performance.now();
      const seconds = (): number => (performance.now() - startedAt) / 1_000;
      const refused = refusal(call.url, policy);
      if (refused !== null)
        return { kind: 'failure', failure: failureOf('blocked', refused), latencySeconds: 0, unsent: true };
      const timeoutMs = Math.max(1, Math.ceil(call.timeoutMs));
      const deadline = AbortSignal.timeout(timeoutMs);
      const ask = (reset: boolean): ReturnType<typeof request> =>
        request(call.url, {
          dispatcher: call.tls === undefined ? agent : agents.for(call.tls),
          method: call.method,
          headers: call.headers,
          body: call.bytes ?? call.body,
          signal: deadline,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          reset,
        });
      const arrivals: { readonly bytes: number; readonly seconds: number }[] = [];
      let isBegun = false;
      const { origin } = new URL(call.url);
      const madeBefore = made.get(origin);
      try {
        const response = await ask(false).catch((error: unknown) => {
          const wasReused = madeBefore !== undefined && made.get(origin) === madeBefore;
          if (call.retriesIdleClose === true && wasReused && wasClosedIdle(error)) return ask(true);
          throw error;
        });
        isBegun = true;
        const body = await readBody(
          decoded(response.body, response.headers['content-encoding']),
          call.maxResponseBytes ?? policy.maximumResponseBytes ?? MAXIMUM_RESPONSE_BYTES,
          (bytes) => arrivals.push({ bytes, seconds: seconds() }),
        );
        const certificate = certificates.get(new URL(call.url).origin);
        return {
          kind: 'answer',
          status: response.statusCode,
          headers: lowerCased(response.headers),
          body,
          latencySeconds: seconds(),
          ...(call.notesArrivals === true ? { arrivals } : {}),
          ...(certificate === undefined ? {} : { certificate }),
        };
      } catch (error) {
        return {
          kind: 'failure',
          failure: classified(error, deadline.aborted, timeoutMs, isBegun),
          latencySeconds: seconds(),
          ...(neverLeft(error) ? { unsent: true } : {}),
        };
      }
    },
    async open({ url, headers, idleMs, signal }) {
      const refused = refusal(url, policy);
      if (refused !== null)
        return { kind: 'failure', failure: failureOf('blocked', refused), latencySeconds: 0, unsent: true };
      try {
        const timeouts = { headersTimeout: idleMs, bodyTimeout: idleMs };
        const response = await request(url, { dispatcher: agent, headers, signal, ...timeouts });
        // Whoever closes it early reads no error of it.
        response.body.on('error', () => undefined);
        const body = decoded(response.body, response.headers['content-encoding']);
        return {
          kind: 'opened',
          status: response.statusCode,
          headers: lowerCased(response.headers),
          body: partsOf(body, idleMs),
          close: () => void body.destroy(),
        };
      } catch (error) {
        return { kind: 'failure', failure: classified(error, false, idleMs, false), latencySeconds: 0 };
      }
    },
    // Not `close`, which waits for calls under way: whoever wanted their answers has ended before.
    close: async () => void (await Promise.all([agent.destroy(), agents.close()])),
  };
}

/** The origin of the addresses that use a connection, as `URL` writes it. */
function originOf({ hostname, port, protocol }: { hostname: string; port: string | number; protocol: string }): string {
  const url = new URL(`${protocol}//${hostname}`);
  url.port = String(port);
  return url.origin;
}

function refusal(text: string, policy: EgressPolicy): string | null {
  if (!URL.canParse(text)) return 'the address is not a URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `only http and https are called, not ${url.protocol}`;
  if (url.username !== '' || url.password !== '')
    return 'addresses with a user name or password are not called; use a secret';
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (policy.allowPorts.length > 0 && !policy.allowPorts.includes(port))
    return `port ${port} is not in egress.allow_ports; add it there to allow it`;
  return null;
}

class TooLarge extends Error {}

/** The body without its content coding. An unknown coding is passed through and later found not to be JSON. */
function decoded(body: Readable, coding: string | string[] | undefined): Readable {
  const name = String(coding ?? '').toLowerCase();
  const decoder =
    name === 'gzip' || name === 'x-gzip'
      ? createGunzip()
      : name === 'deflate'
        ? createInflate()
        : name === 'br'
          ? createBrotliDecompress()
          : null;
  if (decoder === null) return body;
  // `pipe` forwards neither errors nor the end of interest: both are needed, or a broken stream would hang.
  body.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
}

const lowerCased = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

/** @throws BrokenOff */
async function* partsOf(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw new BrokenOff(classified(error, false, idleMs, true));
  } finally {
    body.destroy();
  }
}

async function readBody(body: Readable, limitBytes: number, arrived: (bytes: number) => void): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      body.destroy();
      throw new TooLarge(`the answer is larger than ${limitBytes} bytes`);
    }
    chunks.push(chunk);
    arrived(size);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const failureOf = (reason: FailureReason, detail: string): Failure => ({
  reason,
  detail: detail.slice(0, 300),
  httpStatus: null,
  retryAfterMs: null,
});

const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/;
/** The part of them that is decided before a request may be written. */
const CERTIFICATE_CODES = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;
const DNS_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);

/** Codes of a connection that ended before any byte of an answer: a server closed one that was kept. */
const CLOSED_EARLY = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const wasClosedIdle = (error: unknown): boolean =>
  CLOSED_EARLY.has(codeOf(error)) || CLOSED_EARLY.has(codeOf(causeOf(error)));

const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another host name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is signed by an issuer that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the issuer of the server’s certificate is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the server’s certificate is not known here',
};
const certificateText = (code: string): string =>
  `${CERTIFICATE_WORDS[code] ?? 'the certificate of the server is not accepted'} (${code})`;

/** Codes of a connection that was never made: no byte of the request can have left. */
const UNCONNECTED = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/;

/** True when it is certain that nothing was sent. A reset or a deadline is no such proof. */
function neverLeft(error: unknown): boolean {
  const cause = causeOf(error);
  if (cause instanceof Blocked) return true;
  const code = codeOf(cause);
  return DNS_CODES.has(code) || CERTIFICATE_CODES.test(code) || UNCONNECTED.test(code);
}

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error ? error.cause : error;
const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';

/** A frame of HTTP/2 settings (RFC 9113, section 6.5): its length, type 4, flags, stream 0. It is what a server begins with. */
const HTTP2_SETTINGS = /^\0[\s\S]{2}\x04[\s\S]\0{4}/;
const speaksHttp2 = (cause: unknown): boolean =>
  (cause instanceof Error && 'data' in cause && HTTP2_SETTINGS.test(String(cause.data))) ||
  /NO_APPLICATION_PROTOCOL/.test(codeOf(cause));

/** The code is only there where the parser gave one. */
const isNoHttp = (cause: unknown): boolean => cause instanceof Error && cause.name === 'HTTPParserError';

/** @param isBegun its head came: what is missing is in the body */
function classified(error: unknown, timedOut: boolean, timeoutMs: number, isBegun: boolean): Failure {
  if (error instanceof TooLarge) return failureOf('too_large', error.message);
  const cause = causeOf(error);
  if (cause instanceof Blocked) return failureOf('blocked', cause.message);
  if (cause instanceof UnreadableCertificate) return failureOf('certificate', cause.message);
  const code = codeOf(cause);
  if (timedOut || code.endsWith('_TIMEOUT') || code === 'ETIMEDOUT' || code === 'ABORT_ERR')
    return failureOf('timeout', `no complete answer within ${timeoutMs / 1_000} s`);
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW')
    return failureOf('too_large', `the headers of the answer are larger than ${LARGEST_HEADER_BYTES} bytes`);
  if (DNS_CODES.has(code)) return failureOf('dns', 'the host name cannot be resolved');
  if (CERTIFICATE_CODES.test(code)) return failureOf('certificate', certificateText(code));
  if (speaksHttp2(cause))
    return failureOf('not_http', 'this port speaks gRPC or HTTP/2 alone, and mlfi asks by HTTP/1.1 with JSON');
  if (TLS_CODES.test(code)) return failureOf('tls', `the encrypted connection failed (${code})`);
  if (isNoHttp(cause)) return failureOf('connect', 'what answers at this port does not speak HTTP');
  return failureOf(
    'connect',
    code === 'ECONNREFUSED'
      ? 'the connection was refused: nothing listens there'
      : CLOSED_EARLY.has(code)
        ? `the server ${isBegun ? 'broke off in the middle of its answer' : 'closed the connection without an answer'}`
        : `the connection failed${code === '' ? '' : ` (${code})`}`,
  );
}
