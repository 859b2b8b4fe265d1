import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { request as rawRequest } from 'node:http';
import knex from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, runService, type RunningService } from './running-service.js';
import { serve, type LocalServer } from './prometheus/servers.js';

const SECRET = 'canary-grafana-secret';
const LISTED = mkdtempSync(join(tmpdir(), 'mlfi-listed-'));
const listed = join(LISTED, 'models.json');
let model: LocalServer;
let running: RunningService;
let answering = 200;
let failing = false;

beforeAll(async () => {
  model = await serve(() =>
    failing
      ? { status: 503, body: '{"error":"busy"}' }
      : { status: answering, body: '{"label":"positive","confidence":0.9}' },
  );
  writeFileSync(listed, '[]');
  running = await runService({
    secrets: { grafana: { value: SECRET } },
    alerts: { grafana_secret: 'grafana' },
    probe_modules: { golden: { calls: 0, timeout: '2s' }, hasty: { calls: 1, golden: false, timeout: '10ms' } },
    discovery: { files: [listed], refresh: '1s' },
  });
  const registered = await running.request('POST', '/api/v1/models', {
    id: 'fraud',
    url: `http://127.0.0.1:${model.port}/predict`,
    payloads: [{ text: 'one' }, { text: 'two' }],
    // Asked by nobody but these tests, and by mlfi after an alert.
    interval_seconds: 86_400,
  });
  expect(registered.status).toBe(201);
});
afterAll(async () => {
  await running.close();
  await model.stop();
  rmSync(LISTED, { recursive: true, force: true });
});

const alert = (over: object = {}): object => ({
  status: 'firing',
  labels: { alertname: 'Checkout', model: 'fraud' },
  annotations: { summary: 'Checkout <b>complains</b>' },
  startsAt: '2026-11-24T12:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: 'f1',
  ...over,
});
const send = (...alerts: object[]) => running.request('POST', '/api/v1/alerts/alertmanager', { version: '4', alerts });
const incidents = async (): Promise<{ id: string }[]> =>
  ((await running.request('GET', '/api/v1/incidents?model=fraud')).body as { incidents: { id: string }[] }).incidents;

describe('the receiver of alerts', () => {
  it('answers 202 after the commit, takes each firing once, resolves it once, and takes a recurrence anew', async () => {
    const counts = (taken: number, duplicate: number, resolved: number): object => ({
      status: 202,
      body: { taken, duplicate, resolved, unassigned: 0, own: 0 },
    });
    expect(await send(alert({ fingerprint: 'seq' }))).toEqual(counts(1, 0, 0));
    expect(await send(alert({ fingerprint: 'seq' }))).toEqual(counts(0, 1, 0));
    const over = alert({ fingerprint: 'seq', status: 'resolved', endsAt: '2026-11-24T12:05:00Z' });
    expect(await send(over)).toEqual(counts(0, 0, 1));
    expect(await send(over)).toEqual(counts(0, 1, 0));
    expect(await send(alert({ fingerprint: 'seq' })), 'a late firing message of a resolved alert').toEqual(
      counts(0, 1, 0),
    );
    expect(await send(alert({ fingerprint: 'seq', startsAt: '2026-11-24T13:00:00Z' }))).toEqual(counts(1, 0, 0));
    await send(
      alert({
        fingerprint: 'seq',
        startsAt: '2026-11-24T13:00:00Z',
        status: 'resolved',
        endsAt: '2026-11-24T13:05:00Z',
      }),
    );
  });

  it('takes a resolved message that comes before the firing one', async () => {
    await send(alert({ fingerprint: 'early', status: 'resolved', endsAt: '2026-11-24T12:05:00Z' }));
    expect((await send(alert({ fingerprint: 'early' }))).body).toMatchObject({ taken: 0, duplicate: 1 });
  });

  it('keeps an alert without a model, refuses its own, and says so in metrics', async () => {
    const answer = await send(
      alert({ labels: { alertname: 'Disk' }, fingerprint: 'disk' }),
      alert({ labels: { origin: 'mlfi', model_name: 'fraud' } }),
    );
    expect(answer.body).toEqual({ taken: 1, duplicate: 0, resolved: 0, unassigned: 1, own: 1 });
    const { alerts } = (await running.request('GET', '/api/v1/alerts?firing=true')).body as {
      alerts: { name: string; model_id: string | null }[];
    };
    expect(alerts).toEqual([expect.objectContaining({ name: 'Disk', model_id: null })]);
    const metrics = String((await running.request('GET', '/metrics')).body);
    expect(metrics).toContain('mlfi_webhook_alerts_total{sender="alertmanager",outcome="own"} 1');
    expect(metrics).toContain('mlfi_webhook_alerts_total{sender="alertmanager",outcome="unassigned"} 1');
  });

  it('refuses what can never be read, with the field', async () => {
    expect(
      await running.request('POST', '/api/v1/alerts/alertmanager', '{"alerts":[{"status":"firing"}]}'),
    ).toMatchObject({
      status: 400,
      body: { error: { field: 'alerts.0.startsAt' } },
    });
  });

  it("wants Grafana's signature, made with the secret, over body and time", async () => {
    const body = JSON.stringify({
      version: '1',
      alerts: [
        alert({
          fingerprint: 'g1',
          labels: { alertname: 'G', model_name: 'fraud' },
          status: 'resolved',
          endsAt: '2026-11-24T12:01:00Z',
        }),
      ],
    });
    const seconds = String(Math.floor(Date.now() / 1_000));
    const post = async (headers: Record<string, string>): Promise<number> =>
      (
        await fetch(`${running.service.address}/api/v1/alerts/grafana`, {
          method: 'POST',
          headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json', ...headers },
          body,
        })
      ).status;
    const sign = (key: string): string => createHmac('sha256', key).update(`${seconds}:${body}`).digest('hex');
    expect(await post({})).toBe(403);
    expect(await post({ 'x-grafana-alerting-signature': sign('wrong'), 'x-grafana-alerting-timestamp': seconds })).toBe(
      403,
    );
    expect(await post({ 'x-grafana-alerting-signature': sign(SECRET) })).toBe(403);
    expect(await post({ 'x-grafana-alerting-signature': sign(SECRET), 'x-grafana-alerting-timestamp': seconds })).toBe(
      202,
    );
  });

  it('opens an incident at the first look that finds something, tells its story once, and survives a restart', async () => {
    await send(alert({ fingerprint: 'main' }));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await incidents(), 'a healthy model is looked at, and nothing is invented').toEqual([]);
    expect(String((await running.request('GET', '/metrics/models')).body)).toContain(
      'mlfi_alerts_firing{model_name="fraud",sender="alertmanager"} 1',
    );
    failing = true;
    await send(alert({ fingerprint: 'second', labels: { alertname: 'Support', model: 'fraud' } }));
    const [incident] = await eventually('an incident', 15_000, async () =>
      (await incidents()).length > 0 ? incidents() : null,
    );
    const read = async (): Promise<{ kind: string; text: string }[]> =>
      (
        (await running.request('GET', `/api/v1/incidents/${incident?.id ?? ''}`)).body as {
          timeline: { kind: string; text: string }[];
        }
      ).timeline;
    const stories = (await read()).filter(({ kind }) => kind === 'alert').map(({ text }) => text);
    expect(stories).toContain('Alertmanager: Checkout — Checkout <b>complains</b>');
    await running.restart();
    await send(
      alert({ fingerprint: 'main' }),
      alert({ fingerprint: 'second', labels: { alertname: 'Support', model: 'fraud' } }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await incidents()).toHaveLength(1);
    expect((await read()).filter(({ kind }) => kind === 'alert').map(({ text }) => text)).toEqual(stories);
    failing = false;
  });
});

describe('the Prometheus surfaces', () => {
  it('probe a model the way a module says, within the time Prometheus gives', async () => {
    const get = async (
      path: string,
      headers: Record<string, string> = {},
    ): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`${running.service.address}${path}`, {
        headers: { authorization: `Bearer ${running.key}`, ...headers },
      });
      return { status: answer.status, text: await answer.text() };
    };
    const golden = await get('/probe?target=fraud&module=golden');
    expect(golden.text).toContain('probe_success 1\n');
    expect(golden.text).toContain('mlfi_probe_samples 2\n');
    expect(golden.text).toContain('probe_timeout_seconds 2\n');
    expect((await get('/probe?target=fraud', { 'x-prometheus-scrape-timeout-seconds': '5' })).text).toContain(
      'probe_timeout_seconds 4.5\n',
    );
    expect(golden.text).toContain('probe_http_status_code 200\n');
    answering = 202;
    expect((await get('/probe?target=fraud&module=golden')).text).toContain('probe_http_status_code 202\n');
    answering = 200;
    const debug = await get('/probe?target=fraud&module=golden&debug=true');
    expect(debug.text).toContain('golden: answered in');
    expect(debug.text).not.toContain('canary');
    failing = true;
    const failed = await get('/probe?target=fraud&module=golden');
    expect(failed.text).toContain('probe_success 0\n');
    expect(failed.text).toContain('probe_http_status_code 503\n');
    expect(failed.text).toContain('mlfi_probe_failures{reason="http_5xx"} 2\n');
    failing = false;
    expect((await get('/probe?target=fraud&module=nope')).status).toBe(400);
    expect((await get('/probe?target=nobody')).status).toBe(404);
    expect((await get('/probe?target=http://127.0.0.1/')).status).toBe(400);
  });

  it('speak the format that is asked for, gzipped, with a content type Prometheus 3 takes', async () => {
    const get = (accept: string): Promise<{ type: string; encoding: string; text: string }> =>
      new Promise((resolve, reject) => {
        rawRequest(
          `${running.service.address}/metrics/models`,
          { headers: { authorization: `Bearer ${running.key}`, accept, 'accept-encoding': 'gzip' } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () =>
              resolve({
                type: response.headers['content-type'] ?? '',
                encoding: response.headers['content-encoding'] ?? '',
                text: gunzipSync(Buffer.concat(chunks)).toString(),
              }),
            );
          },
        )
          .on('error', reject)
          .end();
      });
    const text = await get('text/plain;version=0.0.4');
    const open = await get('application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
    const again = await get('text/plain;version=0.0.4');
    expect([text.type, text.encoding]).toEqual(['text/plain; version=0.0.4; charset=utf-8', 'gzip']);
    expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    for (const { text: body } of [text, open, again])
      expect(body).toContain('mlfi_model_probes_total{model_name="fraud"}');
    expect(again.text).toContain('# TYPE mlfi_model_probes_total counter');
    expect(open.text).toContain('# TYPE mlfi_model_probes counter');
  });

  it('list models for service discovery, and watch those that a file lists', async () => {
    const sd = async (): Promise<{ targets: string[]; labels: Record<string, string> }[]> =>
      (await running.request('GET', '/sd/models?module=golden')).body as {
        targets: string[];
        labels: Record<string, string>;
      }[];
    expect(await sd()).toEqual([
      {
        targets: [new URL(running.service.address).host],
        labels: { __metrics_path__: '/probe', __param_target: 'fraud', __param_module: 'golden', model_name: 'fraud' },
      },
    ]);
    writeFileSync(
      listed,
      JSON.stringify([
        { targets: [`127.0.0.1:${model.port}`], labels: { model_name: 'listed', model_version: 'v3', team: 'risk' } },
      ]),
    );
    await eventually('the listed model', 10_000, async () => ((await sd()).length === 2 ? true : null));
    const metrics = async (): Promise<string> => String((await running.request('GET', '/metrics/models')).body);
    expect(await metrics()).toContain('mlfi_model_info{model_name="listed",model_version="v3"');
    writeFileSync(listed, '[]');
    await eventually('the listed model to go', 10_000, async () =>
      (await metrics()).includes('model_name="listed"') ? null : true,
    );
    await running.restart();
    expect(await metrics()).not.toContain('model_name="listed"');
    writeFileSync(listed, 'no list');
    await eventually('the failure to show', 10_000, async () =>
      String((await running.request('GET', '/metrics')).body).match(
        /mlfi_discovery_failures_total\{source="file:models.json"\} [1-9]/,
      ) === null
        ? null
        : true,
    );
  });
});

it('asks to send again, with 503, while the store refuses, and takes it afterwards', async () => {
  const service = await runService();
  const file = join(service.directory, 'mlfi.sqlite');
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  try {
    await db.raw(
      "CREATE TRIGGER full BEFORE INSERT ON external_alert BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    const post = () => service.request('POST', '/api/v1/alerts/alertmanager', { alerts: [alert()] });
    expect(await post()).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    await db.raw('DROP TRIGGER full');
    expect(await post()).toMatchObject({ status: 202, body: { taken: 1 } });
  } finally {
    await db.destroy();
    await service.close();
  }
});
