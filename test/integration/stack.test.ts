import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../provisioning/stack/secrets.mjs';
import { ROOT } from '../provisioning/expressions.js';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { HAS_PROMETHEUS, startPrometheus, type PrometheusServer } from './servers/prometheus-server.js';
import { MAY_SKIP } from './servers/python-server.js';

/**
 * docker-compose.yml without Docker: the same programs, configurations and secrets as its containers get, started as processes;
 * only names of containers become loopback addresses, and `/run/secrets` the folder the secrets were made in.
 */
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
let folder: string;
let secrets: string;
let mlfiPort: number;
let modelsPort: number;
const started: ChildProcess[] = [];
const output: string[] = [];
let prometheus: PrometheusServer;

function onThisMachine(text: string): string {
  return text
    .replaceAll('/run/secrets', secrets)
    .replaceAll(/\bsample-models:9900\b/g, `127.0.0.1:${modelsPort}`)
    .replaceAll(/\bmlfi:9899\b/g, `127.0.0.1:${mlfiPort}`);
}

function start(script: string, ...args: string[]): void {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, script), ...args], { cwd: ROOT });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output.push(chunk.toString());
    });
  started.push(child);
}

const ready = (url: string) => (): Promise<true | null> =>
  fetch(url).then(
    ({ ok }) => (ok ? true : null),
    () => null,
  );

describe.skipIf(!HAS_PROMETHEUS && MAY_SKIP)('the stack, without containers', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-stack-'));
    secrets = join(folder, 'secrets');
    makeSecrets(secrets);
    [mlfiPort, modelsPort] = [await freePort(), await freePort()];
    const configuration = onThisMachine(read('provisioning/stack/mlfi.yml'))
      .replace('address: 0.0.0.0\n  port: 9899', `address: 127.0.0.1\n  port: ${mlfiPort}`)
      .replace('data_dir: /data', `data_dir: ${folder}/data`)
      .replace(/allow_hosts: \[.*\]/, 'allow_hosts: [127.0.0.1]');
    writeFileSync(join(folder, 'mlfi.yml'), configuration);
    start(
      'exporter/demo/serve-models.ts',
      '--address=127.0.0.1',
      `--port=${modelsPort}`,
      `--report-to=http://127.0.0.1:${mlfiPort}`,
      `--key-file=${secrets}/mlfi-ingest-key`,
    );
    await eventually('the sample models', 60_000, ready(`http://127.0.0.1:${modelsPort}/`));
    start('exporter/src/main.ts', 'serve', '--config', join(folder, 'mlfi.yml'));
    await eventually('mlfi', 60_000, ready(`http://127.0.0.1:${mlfiPort}/-/ready`));
    prometheus = await startPrometheus(
      onThisMachine(read('provisioning/stack/prometheus.yml'))
        .replace('/etc/prometheus/mlfi', join(ROOT, 'provisioning/prometheus'))
        .replaceAll('15s', '1s'),
    );
  }, 180_000);

  afterAll(async () => {
    await prometheus.stop();
    for (const child of started) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('is scraped with the key made for Prometheus: every target is up', async () => {
    const targets = await eventually('both targets up', 30_000, async () => {
      const answer = await prometheus.query('up == 1');
      return answer.status === 'success' && answer.data.result.length === 2 ? answer.data.result : null;
    });
    expect(targets.map(({ metric }) => metric.job).sort()).toEqual(['mlfi', 'mlfi-models']);
  });

  it('watches the configured sample models', async () => {
    const answer = await eventually('the models', 30_000, async () => {
      const found = await prometheus.query('mlfi_model_info');
      return found.status === 'success' && found.data.result.length > 0 ? found.data.result : null;
    });
    expect(answer.map(({ metric }) => metric.model_name).sort()).toEqual(
      ['broken', 'drifting', 'healthy', 'low-confidence', 'random', 'tabular'].sort(),
    );
  });

  it('takes the predictions logged with the key made for senders', async () => {
    await eventually('logged predictions', 30_000, async () => {
      const found = await prometheus.query('mlfi_ingest_events_total{model_name="tabular"} > 0');
      return found.status === 'success' && found.data.result.length > 0 ? true : null;
    });
    expect(output.join('')).not.toMatch(/mlfi answered HTTP 40[13]/);
  });

  it('gives the plugin’s key what the plugin asks, and nobody anything without a key', async () => {
    const models = `http://127.0.0.1:${mlfiPort}/api/v1/models`;
    const key = readFileSync(join(secrets, 'mlfi-plugin-secret'), 'utf8');
    expect((await fetch(models, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    expect((await fetch(models)).status).not.toBe(200);
  });

  it('prints no secret', () => {
    for (const name of ['mlfi-read-key', 'mlfi-ingest-key', 'mlfi-plugin-secret'])
      expect(output.join('')).not.toContain(readFileSync(join(secrets, name), 'utf8'));
  });

  it('has configurations that promtool and amtool find no fault with', () => {
    const prometheusFile = join(folder, 'prometheus.yml');
    writeFileSync(
      prometheusFile,
      onThisMachine(read('provisioning/stack/prometheus.yml')).replace(
        '/etc/prometheus/mlfi',
        join(ROOT, 'provisioning/prometheus'),
      ),
    );
    const checked = spawnSync('promtool', ['check', 'config', prometheusFile], { encoding: 'utf8' });
    expect(checked.stderr + checked.stdout).toContain('SUCCESS');
    expect(checked.status).toBe(0);
    const alertmanagerFile = join(folder, 'alertmanager.yml');
    writeFileSync(alertmanagerFile, onThisMachine(read('provisioning/stack/alertmanager.yml')));
    const routed = (labels: readonly string[]): string =>
      spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${alertmanagerFile}`, ...labels], {
        encoding: 'utf8',
      }).stdout.trim();
    expect(spawnSync('amtool', ['check-config', alertmanagerFile]).status).toBe(0);
    expect(routed(['alertname=HighLatency', 'model_name=tabular'])).toBe('mlfi');
    expect(routed(['alertname=MlfiIncidentOpen', 'model_name=tabular', 'origin=mlfi'])).toBe('nobody');
  });
});
