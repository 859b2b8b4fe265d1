import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';
import { percentile } from './trend.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const CLIENTS = 2_000;
const SHARE_ROUNDS = IS_LONG ? 9 : 3;
const PAIRS = IS_LONG ? 9 : 5;
const ROUND_MS = IS_LONG ? 10_000 : 3_000;
/** What slow clients take of the one core that everything shares is what the others may notice. */
const MOST_OF_A_CORE = 0.2;
/** The 99th percentile of a batch's time beside them, by that without them, beyond what it differs by without them. */
const MOST_SLOWER = 1.2;
const ROWS = 20;

let directory: string;
let port: number;
let service: ServiceProcess;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-slow-'));
  port = await freePort();
  service = startServiceProcess(directory, port, {
    api_keys: [{ name: 'sender', scopes: ['read', 'ingest', 'operate'], key: KEY }],
    logging: { level: 'silent' },
  });
  await service.ready();
  expect((await send('/api/v1/models', { id: 'busy' })).status).toBe(201);
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

const send = (path: string, body: object): Promise<Response> =>
  fetch(`${service.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const batch = Array.from({ length: ROWS }, (_, i) => ({ prediction: i % 3 === 0 ? 'yes' : 'no', confidence: 0.9 }));

async function ingestP99(): Promise<number> {
  const tookMs: number[] = [];
  for (const untilMs = performance.now() + ROUND_MS; performance.now() < untilMs;) {
    const startedMs = performance.now();
    const response = await send('/api/v1/models/busy/observations', batch);
    await response.text();
    expect(response.status).toBe(200);
    tookMs.push(performance.now() - startedMs);
  }
  return percentile(tookMs, 0.99);
}

/** Processor time the service has used, in seconds: clock ticks of a hundredth of a second. */
function processorSeconds(): number {
  const fields =
    readFileSync(`/proc/${service.child.pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
async function shareOfACore(): Promise<number> {
  const [seconds, sinceMs] = [processorSeconds(), performance.now()];
  await sleep(ROUND_MS);
  return (1_000 * (processorSeconds() - seconds)) / (performance.now() - sinceMs);
}

/** Runs `work` while the slow clients are there. */
async function beside<T>(work: () => Promise<T>): Promise<T> {
  const program = join(import.meta.dirname, 'slow-clients-child.mjs');
  const clients = spawn(process.execPath, [program, String(port), String(CLIENTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(clients.stdout, 'data');
    return await work();
  } finally {
    clients.kill('SIGKILL');
    await once(clients, 'exit');
  }
}

it(
  `${CLIENTS} slow clients take less than a fifth of a core, and batches beside them take as long as without`,
  async () => {
    const idle = await shareOfACore();
    const shares: number[] = [];
    await beside(async () => {
      for (let round = 0; round < SHARE_ROUNDS; round += 1) shares.push(await shareOfACore());
    });
    const taken = percentile(shares, 0.5) - idle;
    const pairs: { readonly without: number; readonly within: number }[] = [];
    for (let round = 0; round < PAIRS; round += 1)
      pairs.push(
        round % 2 === 0
          ? { without: await ingestP99(), within: await beside(ingestP99) }
          : { within: await beside(ingestP99), without: await ingestP99() },
      );
    const alone = pairs.map(({ without }) => without);
    // What else the machine does only adds to a round; what the slow clients do is in all of theirs.
    const ratio = Math.min(...pairs.map(({ within }) => within)) / Math.min(...alone);
    const noise = Math.max(...alone) / Math.min(...alone);
    const told = pairs.map(({ without, within }) => `${without.toFixed(0)}/${within.toFixed(0)}`).join(' ');
    figure(
      `${CLIENTS} slow clients: ${(100 * taken).toFixed(1)} % of a core (idle ${(100 * idle).toFixed(1)} %); p99 of ingest × ${ratio.toFixed(2)} beside them, × ${noise.toFixed(2)} without (ms without/beside: ${told})`,
    );
    expect(taken).toBeLessThan(MOST_OF_A_CORE);
    expect(ratio).toBeLessThan(MOST_SLOWER * noise);
  },
  120_000 + (SHARE_ROUNDS + 2 * PAIRS) * ROUND_MS,
);
