import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { eventually, runService, type RunningService } from './running-service.js';
import { startGrafanaAnnotations, type GrafanaAnnotations } from './servers/grafana-annotations.js';
import { HAS_PROMETHEUS, startPrometheus, type PrometheusServer } from './servers/prometheus-server.js';
import { MAY_SKIP } from './servers/python-server.js';

/** What a serving platform tells Prometheus about the models it runs. */
const platform = { version: '1.4', reloadedSeconds: 0 };
let exposition: Server;
let models: DemoModels;
let prometheus: PrometheusServer;
let grafana: GrafanaAnnotations;
let running: RunningService;

/** Changes as the audit log has them, since recording one is audited. */
async function recorded(model: string): Promise<{ kind: string; text: string; atMs: number }[]> {
  const entries = await running.service.application.audit.entries(1, 1_000);
  return entries.flatMap(({ body }) => {
    const said = JSON.parse(Buffer.from(body).toString('utf8')) as {
      kind: string;
      model: string;
      change: { kind: string; text: string; atMs: number };
    };
    return said.kind === 'change-recorded' && said.model === model ? [said.change] : [];
  });
}

describe.skipIf(!HAS_PROMETHEUS && MAY_SKIP)(
  'changes read from a real Prometheus and from Grafana’s annotations',
  () => {
    beforeAll(async () => {
      exposition = createServer((_, response) => {
        response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
          .end(
            `# TYPE serving_model_info gauge\nserving_model_info{model="healthy",version="${platform.version}"} 1\n` +
              `# TYPE serving_config_reload_timestamp_seconds gauge\nserving_config_reload_timestamp_seconds{model="healthy"} ${platform.reloadedSeconds}\n` +
              `serving_config_reload_timestamp_seconds{model="not-watched"} ${Date.now() / 1_000}\n`,
          );
      });
      await new Promise<void>((resolve) => exposition.listen(0, '127.0.0.1', resolve));
      const { port } = exposition.address() as AddressInfo;
      prometheus = await startPrometheus(
        stringify({
          global: { scrape_interval: '1s' },
          scrape_configs: [{ job_name: 'serving', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
        }),
      );
      grafana = await startGrafanaAnnotations(0, '/grafana');
      models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7), workingCalls: 10 });
      running = await runService({
        models: ['healthy', 'broken'].map((id) => ({ id, url: models.urlOf(id) })),
        annotations: { grafana_url: grafana.url, token: grafana.token },
        changes: {
          prometheus_url: prometheus.url,
          poll_every: '1s',
          look_back: '5m',
          step: '1s',
          queries: [
            {
              name: 'serving',
              type: 'info',
              kind: 'model-version',
              expr: 'serving_model_info',
              model_label: 'model',
              value_label: 'version',
            },
            {
              name: 'serving-config',
              type: 'timestamp',
              kind: 'configuration',
              expr: 'serving_config_reload_timestamp_seconds',
              model_label: 'model',
            },
            { name: 'mistaken', type: 'timestamp', kind: 'other', expr: 'sum(' },
          ],
          annotations: [{ tags: ['deployment'], kind: 'deployment', model_tag: 'model' }],
        },
      });
    }, 120_000);

    afterAll(async () => {
      await running.close();
      await models.close();
      await grafana.close();
      await prometheus.stop();
      await new Promise((resolve) => exposition.close(resolve));
    });

    it('records a new version once, at the time it appeared, although another query is wrong', async () => {
      await eventually('a scrape of the old version', 15_000, async () => {
        const answer = await prometheus.query('serving_model_info');
        return answer.status === 'success' && answer.data.result.length > 0 ? true : null;
      });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(await recorded('healthy')).toEqual([]);
      const changedAtMs = Date.now();
      platform.version = '1.5';
      const [change] = await eventually('the change', 20_000, async () => {
        const found = await recorded('healthy');
        return found.length > 0 ? found : null;
      });
      expect(change).toMatchObject({ kind: 'model-version', text: 'version changed from "1.4" to "1.5" (serving)' });
      expect(Math.abs((change?.atMs ?? 0) - changedAtMs)).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await recorded('healthy')).toHaveLength(1);
    });

    it('records a reload that a timestamp tells of, and nothing of models it does not watch', async () => {
      platform.reloadedSeconds = Math.floor(Date.now() / 1_000);
      const change = await eventually(
        'the reload',
        20_000,
        async () => (await recorded('healthy')).find(({ kind }) => kind === 'configuration') ?? null,
      );
      expect(change.atMs).toBe(platform.reloadedSeconds * 1_000);
      expect(await recorded('not-watched')).toEqual([]);
    });

    it('records a deployment that somebody annotated in Grafana', async () => {
      const time = Date.now() - 2_000;
      grafana.stored.push({
        id: 999,
        time,
        timeEnd: time,
        text: 'Release 1.6 <i>by CI</i>',
        tags: ['deployment', 'model:healthy'],
      });
      const change = await eventually(
        'the deployment',
        20_000,
        async () => (await recorded('healthy')).find(({ kind }) => kind === 'deployment') ?? null,
      );
      expect(change).toEqual({ atMs: time, kind: 'deployment', text: 'Release 1.6 by CI' });
    });

    it('makes a deployment evidence of the incident that follows it', async () => {
      const time = Date.now() - 240_000;
      grafana.stored.push({
        id: 1_000,
        time,
        timeEnd: time,
        text: 'Release 2.0',
        tags: ['deployment', 'model:unsure'],
      });
      await running.request('POST', '/api/v1/models', { id: 'unsure', url: models.urlOf('low-confidence') });
      const incident = await eventually('an incident with the deployment in its story', 60_000, () => {
        const open = running.service.application.models.status(modelId('unsure')).incident;
        return open !== null && open.diagnosis.changes.length > 0 ? open : null;
      });
      expect(incident.diagnosis.changes).toEqual([{ atMs: time, kind: 'deployment', text: 'Release 2.0' }]);
      const stored = await running.service.application.incidents.get(incident.id);
      expect(stored.timeline[0]).toEqual({ atMs: time, kind: 'change', text: 'Release 2.0' });
    });

    it('records nothing again after a restart', async () => {
      const before = await recorded('healthy');
      await running.restart();
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      expect(await recorded('healthy')).toEqual(before);
    });

    it('posts the incident of the broken model, with a link into the plugin below Grafana’s path', async () => {
      const posted = await eventually(
        'an annotation',
        60_000,
        () =>
          grafana.stored.find(({ tags }) => tags.includes('incident') && tags.includes('model_name:broken')) ?? null,
      );
      expect(posted.tags.slice(0, 4)).toEqual(['mlfi', 'incident', 'opened', 'model_name:broken']);
      expect(['critical', 'high']).toContain(posted.tags[4]);
      const id = /href="\/grafana\/a\/mlfi-investigator-app\/incidents\/([^"]+)"/.exec(posted.text)?.[1];
      const { status } = await running.request('GET', `/api/v1/incidents/${id ?? ''}`);
      expect(status).toBe(200);
      expect(posted.text).toContain('Open the incident');
    });
  },
);
