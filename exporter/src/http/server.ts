import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpApp, type AppPorts } from './app.js';

export interface HttpServer {
  /** e.g. `http://127.0.0.1:9899` */
  readonly address: string;
  /** Stops taking requests and ends event streams, lets running requests finish for at most `drainMs`. */
  close(drainMs?: number): Promise<void>;
}

/** Longer than Grafana's proxy keeps its connections idle, so that it never meets one being closed. */
const KEEP_ALIVE_MS = 75_000;
const DRAIN_MS = 5_000;

/** @throws Error naming the address when it cannot be listened on */
export async function startHttpServer(
  ports: AppPorts,
  listen: { readonly address: string; readonly port: number },
): Promise<HttpServer> {
  const handle = createHttpApp(ports).callback();
  const server = createServer((request, response) => void handle(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = KEEP_ALIVE_MS + 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) =>
      reject(
        new Error(
          `cannot listen on ${listen.address}:${listen.port} (${error.code ?? error.message}); choose another listen.port, or stop what uses it`,
        ),
      ),
    );
    server.listen(listen.port, listen.address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.address.includes(':') ? `[${listen.address}]` : listen.address;
  return {
    address: `http://${host}:${port}`,
    close: (drainMs = DRAIN_MS) =>
      new Promise((resolve) => {
        ports.eventStreams.close();
        const force = setTimeout(() => server.closeAllConnections(), drainMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
