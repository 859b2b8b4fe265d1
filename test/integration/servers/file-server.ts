import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a file is served. */
export interface Served {
  bytes: Buffer;
  /** Parts are given where they are asked for. */
  ranges?: boolean;
  etag?: string | null;
  /** Parts begin, or end, at multiples of this, whatever is asked for, as some caches answer. */
  blocks?: { begin?: number; end?: number };
  headers?: Readonly<Record<string, string>>;
  /** The connection is broken after so many bytes, this many times. */
  cut?: { afterBytes: number; times: number };
  /** Told instead, this many times. */
  status?: { code: number; times: number; headers?: Readonly<Record<string, string>> };
  /** So long passes between pieces of 64 KiB. */
  pauseMs?: number;
  authorization?: string;
}

/** A real HTTP server whose files behave as a test says. */
export interface FileServer {
  readonly address: string;
  readonly files: Map<string, Served>;
  /** What was asked for: path with parameters, range, and whether credentials came. */
  readonly asked: { readonly url: string; readonly range: string | null; readonly authorization: string | null }[];
  close(): Promise<void>;
}

const PIECE_BYTES = 65_536;

export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, Served>();
  const asked: FileServer['asked'] = [];
  const server: Server = createServer((request, response) => {
    const { url = '/', headers } = request;
    asked.push({ url, range: headers.range ?? null, authorization: headers.authorization ?? null });
    const file = files.get(url.split('?')[0] ?? '');
    if (file === undefined) response.writeHead(404).end('no such file');
    else void serve(file, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    files,
    asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function serve(file: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { bytes, etag = null, status, authorization } = file;
  if (authorization !== undefined && request.headers.authorization !== authorization) {
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    return;
  }
  if (status !== undefined && status.times > 0) {
    status.times -= 1;
    response.writeHead(status.code, status.headers).end();
    return;
  }
  const { isPart, start, end } = partOf(file, request);
  if (isPart && start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  response.writeHead(isPart ? 206 : 200, {
    'content-length': end - start,
    ...(isPart ? { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : {}),
    ...(etag === null ? {} : { etag }),
    ...file.headers,
  });
  await send(file, bytes.subarray(start, end), response);
}

/** What of a file is asked for. */
function partOf(
  { bytes, ranges = false, etag = null, blocks: { begin = 1, end: ends = 1 } = {} }: Served,
  { headers }: IncomingMessage,
) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
  if (!ranges || from === undefined || !isSame) return { isPart: false, start: 0, end: bytes.length };
  const end = to === '' ? bytes.length : Math.ceil((Number(to) + 1) / ends) * ends;
  const start = Number(from) - (Number(from) % begin);
  return { isPart: true, start, end: Math.min(bytes.length, end) };
}

async function send({ cut, pauseMs }: Served, bytes: Buffer, response: ServerResponse): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += PIECE_BYTES) {
    if (cut !== undefined && cut.times > 0 && at >= cut.afterBytes) {
      cut.times -= 1;
      // What was sent arrives: a reset would take what the other side has not read yet.
      response.socket?.destroySoon();
      return;
    }
    if (!response.write(bytes.subarray(at, at + PIECE_BYTES)))
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          response.off('drain', goOn).off('close', goOn);
          resolve();
        };
        response.on('drain', goOn).on('close', goOn);
      });
    if (pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  response.end();
}
