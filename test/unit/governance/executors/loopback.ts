import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/**
 * What goes wrong with requests. `lost…`: the server acts and its answer never arrives whole. `…unheard`: the request ends
 * before the server acts.
 */
export type Fault =
  | 'silent'
  | 'silent-unheard'
  | 'reset'
  | 'reset-unheard'
  | 'half-answer'
  | { readonly status: number; readonly body?: unknown; readonly location?: string };

/** A server on loopback whose way of failing can be chosen. Only requests for which `faulty` holds fail. */
export class Loopback {
  readonly requests: Request[] = [];
  fault: Fault | null = null;
  /** Called before a request is handled: what others do at that moment. */
  onRequest: (request: Request) => void = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(
    handle: (request: Request) => Reply | Promise<Reply>,
    faulty: (request: Request) => boolean = ({ method }) => method !== 'GET',
  ): Promise<Loopback> {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      const answer = async (): Promise<void> => {
        const request: Request = {
          method: incoming.method ?? '',
          url: incoming.url ?? '',
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        loopback.requests.push(request);
        const fault = faulty(request) ? loopback.fault : null;
        if (fault === 'silent-unheard') return;
        if (fault === 'reset-unheard') return void incoming.socket.resetAndDestroy();
        if (fault !== null && typeof fault === 'object') {
          response.writeHead(fault.status, {
            'content-type': 'application/json',
            ...(fault.location === undefined ? {} : { location: fault.location }),
          });
          response.end(JSON.stringify(fault.body ?? {}));
          return;
        }
        loopback.onRequest(request);
        const reply = await handle(request);
        const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
        if (fault === 'silent') return;
        if (fault === 'reset') return void incoming.socket.resetAndDestroy();
        if (fault === 'half-answer') {
          response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': text.length + 100 });
          response.write(text.slice(0, Math.ceil(text.length / 2)), () => incoming.socket.destroy());
          return;
        }
        response.writeHead(reply.status, { 'content-type': 'application/json' });
        response.end(text);
      };
      incoming.on('end', () => void answer());
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const loopback: Loopback = new Loopback(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return loopback;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
