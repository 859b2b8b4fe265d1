import { createServer } from 'node:net';

/** Below what the system gives out by itself, to listeners on port 0 and to outgoing connections (`ip_local_port_range`). */
const FIRST = 11_000;
const PER_WORKER = 2_500;
const WORKERS = 8;
const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS;
/** Test files follow one another in a worker: each begins elsewhere, so that it meets no port the last one still holds. */
let next = Math.floor(Math.random() * PER_WORKER);

/** A loopback port nobody listens on, and that no test running beside this one is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + worker * PER_WORKER + (next++ % PER_WORKER);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
