// Everything the browser journeys play on, for real and on loopback: the exporter as a process of its own, the sample models,
// the traffic of one of them, the system that carries approved actions out, and the host.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemoModels } from '../../exporter/dist/demo/server.js';
import { createTraffic } from '../../exporter/dist/demo/traffic.js';
import { askOverHttp, sendOverHttp } from '../../exporter/dist/demo/traffic-over-http.js';
import { systemClock } from '../../exporter/dist/src/system/system-clock.js';
import { seededRandom } from '../../exporter/dist/src/system/seeded-random.js';
import { startHost } from './server.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SECRET = 'a-shared-secret-of-the-browser-journeys-0123456789';
const MODEL_KEY = 'key-of-the-guarded-model';
const FAULTS = {
  unit_change: { kind: 'unit_change', feature: 'hours-per-week', factor: 100 },
  null_flood: { kind: 'null_flood', feature: 'occupation', share: 0.6 },
  model_swapped: { kind: 'model_swapped' },
  concept_flip: { kind: 'concept_flip', feature: 'marital-status', value: 'Married-civ-spouse' },
};

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** Impatient where the defaults are patient; lines of detection are the defaults. */
const configuration = ({ data, port, hostUrl, webhookUrl, models }) => ({
  data_dir: data,
  listen: { address: '127.0.0.1', port },
  egress: { allow_cidrs: ['127.0.0.0/8'] },
  probing: { interval: '1s', jitter: 0.2, concurrency: 4, timeout: '2s', probes_per_cycle: 5, golden_inputs: 5 },
  // The machine of the tests is busy: how long an answer takes says nothing here.
  paging: { season: 'none', signal_tolerance: { latency_seconds: 0.3 } },
  windows: { length: '10s', evaluate_every: '1s' },
  baseline: { minimum_samples: 400 },
  logging: { level: 'warn' },
  governance: {
    approvals: { 'fix-pipeline': 2, 'scale-out': 2 },
    verification: { settle: '2s', hold: '5s', give_up: '10m' },
    approvers: { roles: ['Editor', 'Admin'] },
    break_glass: { enabled: true, roles: ['Admin'], review_within: '72h' },
    webhooks: [
      {
        name: 'ml-platform',
        url: webhookUrl,
        actions: ['fix-pipeline', 'rollback', 'retrain', 'restart-endpoint', 'scale-out', 'recalibrate'],
        signing_secret: 'signing-key-of-the-journeys',
      },
    ],
  },
  identity: { grafana: { url: hostUrl, organisation: 1, shared_secret: SECRET } },
  models,
});

const withoutLatency = ({ latency_ms: _, ...line }) => line;

/** Starts the stage. The model `tabular` is broken and mended by `fail` and by the approved action. */
export async function startStage({ port, watched = ['tabular', 'low-confidence', 'broken', 'healthy'] }) {
  const data = mkdtempSync(join(tmpdir(), 'mlfi-stage-'));
  const models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7), workingCalls: 3 });
  const exporterPort = await freePort();
  const exporterUrl = `http://127.0.0.1:${exporterPort}`;
  const settings = { jsonData: { exporterUrl, grafanaUrl: '' }, secureJsonData: { exporterToken: SECRET } };
  const host = await startHost({ port, settings });

  const carriedOut = [];
  const webhook = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    carriedOut.push(JSON.parse(text === '' ? '{}' : text));
    models.switches.set({ kind: 'none' });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}');
  });
  await new Promise((resolve) => webhook.listen(0, '127.0.0.1', resolve));

  // A healthy model behind a key.
  const guarded = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${MODEL_KEY}`) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"detail":"a key is needed"}');
      return;
    }
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const answer = await fetch(models.urlOf('healthy'), {
      method: request.method,
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(request.method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(await answer.text());
  });
  await new Promise((resolve) => guarded.listen(0, '127.0.0.1', resolve));

  const file = join(data, 'mlfi.yml');
  const addresses = watched.map((id) => ({ id, url: models.urlOf(id), tags: ['demo'], owner: 'payments' }));
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify(
      configuration({
        data,
        port: exporterPort,
        hostUrl: host.url,
        webhookUrl: `http://127.0.0.1:${webhook.address().port}/act`,
        models: addresses,
      })
    )
  );

  let exporter = null;
  let apiKey = null;
  const startExporter = () =>
    new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [join(root, 'exporter', 'dist', 'src', 'main.js'), 'serve', '--config', file],
        { stdio: ['ignore', 'pipe', 'inherit'] }
      );
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
        apiKey ??= /mlfi_[A-Za-z0-9-]{12}_[A-Za-z0-9_-]{43}/.exec(said)?.[0] ?? null;
        if (said.includes('next  ')) {
          resolve();
        }
      });
      child.on('exit', (code) => reject(new Error(`the exporter ended with ${code}: ${said}`)));
      exporter = child;
    });
  const stopExporter = () =>
    new Promise((resolve) => {
      exporter.removeAllListeners('exit');
      exporter.once('exit', resolve);
      exporter.kill('SIGTERM');
    });
  await startExporter();

  const ending = new AbortController();
  const traffic = createTraffic({
    rows: models.tabular.heldOut,
    ask: (features) => askOverHttp(models.urlOf('tabular'), features),
    // While the exporter is down the traffic goes on and is not logged.
    send: (lines) => sendOverHttp(exporterUrl, 'tabular', apiKey, lines.map(withoutLatency)).catch(() => undefined),
    fault: () => models.switches.get(),
    clock: systemClock,
    random: seededRandom(7),
    rowsPerBatch: 12,
    labelDelayMs: 5_000,
  });
  const trafficEnded = traffic.run(300, ending.signal).catch(() => undefined);

  return {
    url: host.url,
    exporterUrl,
    settings,
    models,
    guarded: { host: `127.0.0.1:${guarded.address().port}`, key: MODEL_KEY },
    carriedOut,
    apiKey: () => apiKey,
    fail: (fault = 'unit_change') => models.switches.set(FAULTS[fault]),
    mend: () => models.switches.set({ kind: 'none' }),
    startExporter,
    stopExporter,
    setSecret: (secret) => {
      settings.secureJsonData.exporterToken = secret ?? SECRET;
    },
    async close() {
      ending.abort();
      await trafficEnded;
      await stopExporter();
      await host.close();
      await models.close();
      webhook.closeAllConnections();
      webhook.close();
      guarded.closeAllConnections();
      guarded.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
