import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startServerProcess } from '../servers/server-process.js';

export interface RealServer {
  readonly address: string;
  json(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

async function start(command: string, args: readonly string[], address: string): Promise<RealServer> {
  const server = await startServerProcess({
    command,
    args,
    url: address,
    readyPath: '/-/ready',
    timeoutMs: 20_000,
    stopWith: 'SIGTERM',
  });
  return {
    address,
    json: async (path) => (await fetch(`${address}${path}`)).json() as Promise<unknown>,
    stop: () => server.stop(),
  };
}

/** Debian's Prometheus on loopback. */
export function startPrometheus(folder: string, configuration: string, port: number): Promise<RealServer> {
  const data = join(folder, 'prometheus');
  mkdirSync(data, { recursive: true });
  const listen = `127.0.0.1:${port}`;
  return start(
    'prometheus',
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ],
    `http://${listen}`,
  );
}

/** Debian's Alertmanager on loopback, alone in its cluster. */
export function startAlertmanager(folder: string, configuration: string, port: number): Promise<RealServer> {
  const listen = `127.0.0.1:${port}`;
  return start(
    'prometheus-alertmanager',
    [
      `--config.file=${configuration}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${listen}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    `http://${listen}`,
  );
}

export interface LocalServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A small HTTP server of the test itself. */
export async function serve(
  answer: (
    request: IncomingMessage,
    body: string,
  ) => { readonly status?: number; readonly body: string; readonly type?: string },
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const given = answer(request, body);
      response.writeHead(given.status ?? 200, { 'content-type': given.type ?? 'application/json' });
      response.end(given.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
