import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Agent } from 'undici';
import type { AskingTls } from '../domain/asking.js';
import type { ServerCertificate } from '../domain/observation.js';

/** What a TLS connection is made with. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

/** A file of certificates that cannot be read. */
export class UnreadableCertificate extends Error {}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UnreadableCertificate(`${file} cannot be read; it must be a PEM file that mlfi may read`);
  }
}

const optionsOf = ({ caFile, certFile, keyFile, insecureSkipVerify }: AskingTls): TlsOptions => ({
  ...(caFile === undefined ? {} : { ca: read(caFile) }),
  ...(certFile === undefined ? {} : { cert: read(certFile) }),
  ...(keyFile === undefined ? {} : { key: read(keyFile) }),
  ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
});

/** The certificate a server showed on a connection; null for one without TLS. */
export function certificateOf(socket: Socket): ServerCertificate | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
  const [validFromMs, validToMs] = [Date.parse(from), Date.parse(to)];
  return Number.isNaN(validFromMs) || Number.isNaN(validToMs) ? null : { validFromMs, validToMs };
}

/**
 * One pool of connections for each set of certificates, made when it is first needed. A renewed file makes a new pool, so that
 * certificates can be rotated while mlfi runs.
 */
export function createTlsAgents(agentWith: (options: TlsOptions) => Agent): {
  /** @throws UnreadableCertificate */
  for(tls: AskingTls): Agent;
  close(): Promise<void>;
} {
  const agents = new Map<string, { readonly content: string; readonly agent: Agent }>();
  return {
    for(tls) {
      const options = optionsOf(tls);
      const [name, content] = [JSON.stringify(tls), JSON.stringify(options)];
      const known = agents.get(name);
      if (known?.content === content) return known.agent;
      if (known !== undefined) void known.agent.close();
      const agent = agentWith(options);
      agents.set(name, { content, agent });
      return agent;
    },
    close: async () => void (await Promise.all([...agents.values()].map(({ agent }) => agent.destroy()))),
  };
}
