import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { askOverHttp, sendOverHttp } from '../../exporter/demo/traffic-over-http.js';
import { createTraffic } from '../../exporter/demo/traffic.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { dashboardExpressions, filledIn, metricsOf, ruleExpressions } from '../provisioning/expressions.js';
import { eventually, runService, type RunningService } from './running-service.js';
import { HAS_PROMETHEUS, startPrometheus, type PrometheusServer } from './servers/prometheus-server.js';
import { MAY_SKIP } from './servers/python-server.js';

/** Expressions that may find nothing after a minute of sample models, by place, with the reason. Every other must find something. */
const MAY_BE_EMPTY: readonly { readonly place: RegExp; readonly reason: string }[] = [
  { place: /annotation New model versions/, reason: 'compares with five minutes ago' },
  { place: /^rule MlfiModelUnreachable$/, reason: 'needs two minutes without an answer' },
  { place: /^rule MlfiMonitorBlind$/, reason: 'fires only when there is no mlfi_model_info at all' },
  { place: /^rule MlfiSeriesDropped$/, reason: 'a handful of models drops no series' },
  { place: /^rule MlfiPredictionsStopped$/, reason: 'needs an hour of silence' },
  { place: /^rule MlfiLooksStale$/, reason: 'needs ten minutes without a look' },
  { place: /^rule MlfiGoldenAnswersChanged$/, reason: 'no sample model is swapped for another' },
];
const RATE_INTERVAL = '20s';

let models: DemoModels;
let running: RunningService;
let prometheus: PrometheusServer;
const stopping = new AbortController();
const startedAtMs = Date.now();
let traffic: Promise<void> = Promise.resolve();

describe.skipIf(!HAS_PROMETHEUS && MAY_SKIP)(
  'PromQL of dashboards and Grafana rules, on a Prometheus with data',
  () => {
    beforeAll(async () => {
      models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7) });
      running = await runService({
        // Enough that labels have come in before the baseline is admitted: accuracy can then be estimated without them.
        baseline: { minimum_samples: 600 },
        models: models.names.map((id) => ({ id, url: models.urlOf(id), version: '1' })),
      });
      const keyFile = join(running.directory, 'prometheus-key');
      writeFileSync(keyFile, running.key);
      const scrape = (job: string, path: string): object => ({
        job_name: job,
        metrics_path: path,
        authorization: { credentials_file: keyFile },
        static_configs: [{ targets: [new URL(running.service.address).host] }],
      });
      prometheus = await startPrometheus(
        stringify({
          global: { scrape_interval: '1s' },
          scrape_configs: [scrape('mlfi', '/metrics'), scrape('mlfi-models', '/metrics/models')],
        }),
      );
      traffic = createTraffic({
        rows: models.tabular.heldOut,
        ask: (features) => askOverHttp(models.urlOf('tabular'), features),
        send: (lines) => sendOverHttp(running.service.address, 'tabular', running.key, lines),
        fault: () => models.switches.get(),
        clock: systemClock,
        random: seededRandom(3),
        rowsPerBatch: 40,
        labelDelayMs: 300,
      }).run(500, stopping.signal);
      await eventually('a baseline of the tabular model', 60_000, async () =>
        ((await prometheus.query('mlfi_baseline_state{model_name="tabular", state="ready"} == 1')) as Found).data.result
          .length > 0
          ? true
          : null,
      );
      models.switches.set({ kind: 'unit_change', feature: 'hours-per-week', factor: 100 });
      await eventually('incidents of the broken and the tabular model', 120_000, async () =>
        (
          (await prometheus.query(
            'sum by (model_name) (mlfi_incidents_open{model_name=~"broken|tabular"}) > 0',
          )) as Found
        ).data.result.length === 2
          ? true
          : null,
      );
      await new Promise((resolve) => setTimeout(resolve, 3_000));
    }, 240_000);

    afterAll(async () => {
      stopping.abort();
      await traffic.catch(() => undefined);
      await prometheus.stop();
      await running.close();
      await models.close();
    });

    it.each([...dashboardExpressions(), ...ruleExpressions()])('$place', async ({ place, expr }) => {
      const answer = await prometheus.queryRange(filledIn(expr, '.*', RATE_INTERVAL), startedAtMs);
      if (answer.status === 'error') expect.fail(`${answer.errorType}: ${answer.error}\n${expr}`);
      const excuse = MAY_BE_EMPTY.find((exception) => exception.place.test(place));
      if (excuse === undefined) expect(answer.data.result.length, expr).toBeGreaterThan(0);
      else
        for (const metric of metricsOf(expr)) {
          const series = await prometheus.query(metric);
          expect(series.status === 'success' ? series.data.result.length : series.error, metric).toBeGreaterThan(0);
        }
    });

    it('offers the models to the variable', async () => {
      const answer = await fetch(`${prometheus.url}/api/v1/label/model_name/values?match[]=mlfi_model_info`);
      const { data } = (await answer.json()) as { readonly data: readonly string[] };
      expect([...data]).toEqual([...models.names].sort());
    });
  },
);

interface Found {
  readonly data: { readonly result: readonly unknown[] };
}
