import type { Download, Downloads } from '../../../domain/download.js';
import { FileProblem } from '../../../domain/file-problem.js';

/** Why an address gives no file, in words for whoever named it: no part of them but the host is of the address. */
export class Unreachable extends FileProblem {
  /** @param isPassing the same may work a little later */
  constructor(
    message: string,
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}

export interface RemotePorts {
  readonly downloads: Downloads;
  /** What is sent as `Authorization` to an address; null for nothing. */
  authorizationFor(url: string): string | null;
}

export interface Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
/** What may be better in a moment: not what the address, its certificate or the policy is. */
const PASSING_FAILURES: ReadonlySet<string> = new Set(['connect', 'timeout']);

/**
 * What lies at an address: 200, 206 or 416. Each address of a redirect is called as if it had been named: by the egress
 * policy, with the credentials of its own and none of the one before.
 * @throws Unreachable
 */
export async function answerOf(ports: RemotePorts, url: string, asked: Asked): Promise<Download> {
  let address = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const authorization = ports.authorizationFor(address);
    const answer = await ports.downloads.open({
      url: address,
      idleMs: asked.idleMs,
      signal: asked.signal,
      headers: {
        'user-agent': 'mlfi',
        'accept-encoding': 'identity',
        ...asked.headers,
        ...(authorization === null ? {} : { authorization }),
      },
    });
    asked.signal.throwIfAborted();
    const where = redirects === 0 ? '' : 'where it points to, ';
    if (answer.kind === 'failure')
      throw new Unreachable(`${where}${answer.failure.detail}`, PASSING_FAILURES.has(answer.failure.reason));
    if ([200, 206, 416].includes(answer.status)) return answer;
    answer.close();
    if (!REDIRECTS.has(answer.status)) throw refusalOf(answer.status, where, authorization !== null);
    address = nextAddress(address, answer.headers['location']);
  }
  throw new Unreachable(`it points elsewhere more than ${MOST_REDIRECTS} times`, false);
}

function nextAddress(address: string, location: string | undefined): string {
  if (location === undefined || !URL.canParse(location, address))
    throw new Unreachable('it points elsewhere without saying where', false);
  const next = new URL(location, address);
  if (new URL(address).protocol === 'https:' && next.protocol !== 'https:')
    throw new Unreachable('it points from https to an address without encryption, which is not followed', false);
  return next.href;
}

function refusalOf(status: number, where: string, wasNamed: boolean): Unreachable {
  const credentials = wasNamed
    ? 'the credentials of `imports.credentials` are not accepted'
    : 'it asks for credentials: `imports.credentials` in the configuration says which secret is sent where';
  const words: Readonly<Record<number, string>> = {
    401: credentials,
    403: wasNamed ? credentials : `it may not be read, or ${credentials}`,
    404: 'there is nothing at this address',
    410: 'there is nothing at this address any more',
  };
  return new Unreachable(
    `${where}${words[status] ?? 'no file comes from this address'} (HTTP ${status})`,
    PASSING.has(status),
  );
}
