import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '../domain/ports.js';

export interface HttpServer {
  /** e.g. `http://127.0.0.1:9899` */
  readonly address: string;
  /**
   * Takes no new connection, ends open streams, lets running requests finish for at most `drainMs`. A second call waits for
   * the first.
   */
  close(drainMs?: number): Promise<void>;
}

export interface ServerSettings {
  readonly address: string;
  readonly port: number;
  /** Time for a request to arrive completely, from its first byte on; the head has at most `HEAD_MS` of it. */
  readonly requestTimeoutMs: number;
  /** Open connections; one more is closed at once. */
  readonly connections?: number;
  /** An answer of which nothing is read for so long is given up. */
  readonly unreadMs?: number;
}

/** Longer than Grafana's proxy keeps its connections idle, so that it never meets one being closed. */
const KEEP_ALIVE_MS = 75_000;
const HEAD_MS = 10_000;
const DRAIN_MS = 10_000;
const CONNECTIONS = 10_000;
/** How late a limit may be noticed; each look costs time for every open connection. */
const LIMITS_CHECKED_MS = 1_000;
const UNREAD_MS = 30_000;

/** @throws Error naming the address when it cannot be listened on */
export async function startHttpServer(
  handle: RequestListener,
  streams: { end(): void; pipelined(socket: Socket): void },
  settings: ServerSettings,
  logger: Logger,
): Promise<HttpServer> {
  const { address, port, requestTimeoutMs, connections = CONNECTIONS, unreadMs = UNREAD_MS } = settings;
  /** Answers under way. */
  const running = new Set<ServerResponse>();
  let closing: Promise<void> | null = null;
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(requestTimeoutMs, HEAD_MS),
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(LIMITS_CHECKED_MS, requestTimeoutMs / 4),
    },
    (request, response) => {
      running.add(response);
      if (closing !== null) response.shouldKeepAlive = false;
      // Who listens for events says nothing more, and has left by then.
      const left = (): void => {
        if (String(response.getHeader('content-type')).startsWith('text/event-stream')) response.destroy();
      };
      // Behind another answer on its connection, which no stream is.
      if (response.socket === null) streams.pipelined(request.socket);
      else request.socket.once('end', left);
      // Nobody else listens, and it would end the process.
      response.on('error', (error) => {
        logger.warn({ error: error.message }, 'an answer broke off');
        response.destroy();
      });
      // All of it is said: what counts now is whether anything of it leaves, which the socket's timeout looks at.
      response.once('prefinish', () => response.setTimeout(unreadMs, () => response.destroy()));
      response.once('close', () => {
        request.socket.off('end', left);
        running.delete(response);
        // A connection that becomes idle during the drain would else be waited for.
        if (closing !== null) setImmediate(() => server.closeIdleConnections());
      });
      handle(request, response);
    },
  );
  // Who has sent all of a request may close its half of the connection, and gets its answer on the other.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) =>
      reject(
        new Error(
          `cannot listen on ${address}:${port} (${error.code ?? error.message}); choose another listen.port, or stop what uses it`,
        ),
      ),
    );
    server.listen(port, address, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', (error) => logger.error({ error: error.message }, 'a connection could not be taken'));
  const bound = server.address() as AddressInfo;
  const drain = (drainMs: number): Promise<void> =>
    new Promise((resolve) => {
      const force = setTimeout(() => {
        logger.warn({ requests: running.size }, 'requests still running were cut off');
        server.closeAllConnections();
      }, drainMs);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
      streams.end();
      for (const response of running) response.shouldKeepAlive = false;
      server.closeIdleConnections();
    });
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${bound.port}`,
    close: (drainMs = DRAIN_MS) => (closing ??= drain(drainMs)),
  };
}
