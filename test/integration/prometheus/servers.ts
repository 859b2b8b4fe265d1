import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../running-service.js';

/** A loopback port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RealServer {
  readonly address: string;
  json(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

async function start(command: string, args: readonly string[], address: string): Promise<RealServer> {
  const child: ChildProcess = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await eventually(`${command} to be ready`, 20_000, async () => {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${log}`);
    return fetch(`${address}/-/ready`).then(
      (answer) => (answer.ok ? true : null),
      () => null,
    );
  });
  return {
    address,
    json: async (path) => (await fetch(`${address}${path}`)).json() as Promise<unknown>,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
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
