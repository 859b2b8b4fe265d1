/** The sample models alone, for docker-compose: asked by an mlfi elsewhere, whose log the tabular model's application feeds. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { seededRandom } from '../src/system/seeded-random.js';
import { systemClock } from '../src/system/system-clock.js';
import { HEALTHY_CALLS_BEFORE_DECAY, WORKING_CALLS } from './configuration.js';
import { startDemoModels } from './server.js';
import { askOverHttp, sendOverHttp } from './traffic-over-http.js';
import { createTraffic } from './traffic.js';

const TRAFFIC_EVERY_MS = 1_000;
const ROWS_PER_BATCH = 5;
const LABEL_DELAY_MS = 5_000;
const PAUSE_AFTER_FAILURE_MS = 5_000;

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535');
  return port;
}

const options = new Command('serve-models')
  .description('Serve the sample models.')
  .option('--address <ip>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port; 0 picks a free one', portNumber, 9_900)
  .option('--report-to <url>', 'mlfi to log the predictions of the tabular model to')
  .option('--key-file <file>', 'file with an API key of the scope ingest, for --report-to')
  .parse()
  .opts<{ address: string; port: number; reportTo?: string; keyFile?: string }>();

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

const models = await startDemoModels({
  port: options.port,
  address: options.address,
  clock: systemClock,
  random: seededRandom('models'),
  decay: { afterCalls: HEALTHY_CALLS_BEFORE_DECAY, perCall: 0.004 },
  workingCalls: WORKING_CALLS,
});
console.log(`sample models on port ${models.port}: ${models.names.join(', ')}`);

const { reportTo, keyFile } = options;
if (reportTo !== undefined && keyFile !== undefined) {
  const key = readFileSync(keyFile, 'utf8').trim();
  const traffic = createTraffic({
    rows: models.tabular.heldOut,
    ask: (features) => askOverHttp(models.urlOf('tabular'), features),
    send: (lines) => sendOverHttp(reportTo, 'tabular', key, lines),
    fault: () => models.switches.get(),
    clock: systemClock,
    random: seededRandom('traffic'),
    rowsPerBatch: ROWS_PER_BATCH,
    labelDelayMs: LABEL_DELAY_MS,
  });
  while (!stop.signal.aborted) {
    // mlfi may still be starting, or be restarted: the log goes on when it is back.
    await traffic
      .run(TRAFFIC_EVERY_MS, stop.signal)
      .catch((error: unknown) => console.error(error instanceof Error ? error.message : String(error)));
    await systemClock.sleep(PAUSE_AFTER_FAILURE_MS, stop.signal);
  }
} else await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
await models.close();
