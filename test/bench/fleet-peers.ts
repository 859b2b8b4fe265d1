import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process besides the service. */
export interface Peer {
  readonly pid: number;
  /** All it wrote. */
  readonly said: () => string;
  stop(): Promise<void>;
}

/** CPU seconds a process has used, its threads among them (Linux counts in hundredths). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Bytes a process has sent to the disk. */
export function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? NaN);
}

/** Bytes of memory a process holds. */
export function residentBytes(pid: number): number {
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN);
}

const SERVER = `
import { createServer } from 'node:http';
let asked = 0;
createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    asked += 1;
    const confidence = (0.7 + 0.3 * Math.random()).toFixed(4);
    response.setHeader('content-type', 'application/json');
    response.end('{"prediction":"' + (Math.random() < 0.3 ? 'yes' : 'no') + '","confidence":' + confidence + '}');
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
`;

/** What a monitor cannot do without: the same calls at the same pace, each answer parsed. */
const LOOP = `
import { request } from 'undici';
const { PORT, MODELS, CALLS_PER_SECOND, SECONDS, BODY } = process.env;
const wanted = Number(CALLS_PER_SECOND) * Number(SECONDS);
const startedAt = performance.now();
let begun = 0;
let answered = 0;
const call = async (model) => {
  const { body } = await request('http://127.0.0.1:' + PORT + '/models/m' + model, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: BODY,
    signal: AbortSignal.timeout(10_000),
  });
  if (JSON.parse(await body.text()).prediction.length > 0) answered += 1;
};
const turn = () => {
  const due = Math.min(wanted, ((performance.now() - startedAt) / 1000) * Number(CALLS_PER_SECOND));
  while (begun < due) void call(begun++ % Number(MODELS));
  if (answered < wanted) setTimeout(turn, Math.max(5, 1000 / Number(CALLS_PER_SECOND)));
  else {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ answered, seconds: (user + system) / 1e6 }));
  }
};
turn();
`;

function start(script: string, environment: Readonly<Record<string, string>>): { child: ChildProcess; peer: Peer } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../../exporter'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const exited = once(child, 'exit');
  const peer = {
    pid: child.pid ?? 0,
    said: () => said,
    async stop() {
      child.kill();
      await exited;
    },
  };
  return { child, peer };
}

/** A server of models: every address of it answers a class and a confidence. */
export async function startModelServer(port: number): Promise<Peer> {
  const { child, peer } = start(SERVER, { PORT: String(port) });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return peer;
}

/** CPU seconds a call of a bare loop over undici, which asks the same models at the same pace; its start is not counted. */
export async function bareLoopSeconds(
  port: number,
  models: number,
  callsPerSecond: number,
  seconds: number,
  body: string,
): Promise<number> {
  const run = async (forSeconds: number): Promise<{ answered: number; seconds: number }> => {
    const { child, peer } = start(LOOP, {
      PORT: String(port),
      MODELS: String(models),
      CALLS_PER_SECOND: String(callsPerSecond),
      SECONDS: String(forSeconds),
      BODY: body,
    });
    await once(child, 'exit');
    return JSON.parse(peer.said()) as { answered: number; seconds: number };
  };
  const [short, long] = [await run(seconds / 5), await run(seconds)];
  return (long.seconds - short.seconds) / (long.answered - short.answered);
}
