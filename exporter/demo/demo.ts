/** `npm run demo`: the whole loop on a sample model as a story, with `--once` on eight, in one process. Started by launch.mjs. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startService } from '../src/service/start.js';
import { seededRandom } from '../src/system/seeded-random.js';
import { systemClock } from '../src/system/system-clock.js';
import { terminalKeyboard } from './keyboard.js';
import { runDemo } from './run-demo.js';
import { plainScreen, terminalScreen, widthOf } from './screen.js';

/** A signal that is watched though its samples hang together (as latencies of a busy machine do) is by ten times what a baseline needs. */
const ONCE_SAMPLES = 2_500;
const ONCE_TIMEOUT_MS = 900_000;
const TABLE_EVERY_MS = 5_000;
const HARD_STOP_AFTER_MS = 1_000;

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535');
  return port;
}

const command = new Command('npm run demo --')
  .description('Break a real model, see the fault found, approve the repair, and see it checked.')
  .option(
    '--once',
    `no story: watch all eight sample models until each has its expected verdict; exit code 1 when one has not after ${ONCE_SAMPLES} calls of it, or ${ONCE_TIMEOUT_MS / 60_000} minutes`,
  )
  .option('--yes', 'approve the plan of the story without asking')
  .option('--data <folder>', 'where to keep the data (default: a new temporary folder)')
  .option('--port <number>', 'port of the API; 0 picks a free one', portNumber, 9_899)
  .option('--seed <text>', 'seed of everything random', 'demo')
  .parse();
const options = command.opts<{ once?: boolean; yes?: boolean; data?: string; port: number; seed: string }>();

const stop = new AbortController();
let stoppedAtMs = 0;
const interrupt = (): void => {
  // A terminal and the launcher may both deliver the same Ctrl-C; only a later one means "at once".
  if (stop.signal.aborted && systemClock.now() - stoppedAtMs > HARD_STOP_AFTER_MS) process.exit(130);
  if (!stop.signal.aborted) stoppedAtMs = systemClock.now();
  stop.abort();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);

try {
  process.exitCode = await runDemo(
    {
      dataDirectory: options.data === undefined ? mkdtempSync(join(tmpdir(), 'mlfi-demo-')) : resolve(options.data),
      port: options.port,
      once: options.once ?? false,
      approves: options.yes ?? false,
      onceSamples: ONCE_SAMPLES,
      onceTimeoutMs: ONCE_TIMEOUT_MS,
      width: widthOf(process.stdout),
    },
    {
      clock: systemClock,
      random: seededRandom(options.seed),
      screen: process.stdout.isTTY ? terminalScreen(process.stdout) : plainScreen(process.stdout, TABLE_EVERY_MS),
      startService,
      keyboard: process.stdin.isTTY && process.stdout.isTTY ? terminalKeyboard(process.stdin, interrupt) : null,
      stop: stop.signal,
    },
  );
} catch (error) {
  console.error(`The demo cannot go on: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    console.error(`Port ${options.port} is taken; try: npm run demo -- --port 0`);
  }
  process.exitCode = 1;
}
