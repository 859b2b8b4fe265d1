import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { askOverHttp, sendOverHttp } from '../../exporter/demo/traffic-over-http.js';
import { createTraffic } from '../../exporter/demo/traffic.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { dashboardExpressions, filledIn, metricsOf, ruleExpressions } from '../provisioning/expressions.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';
import { HAS_PROMETHEUS, startPrometheus, type PrometheusServer } from './servers/prometheus-server.js';
import { MAY_SKIP } from './servers/python-server.js';

/** Expressions that may find nothing after a minute of sample models, by place, with the reason. Every other must find something. */
const MAY_BE_EMPTY: readonly {
  readonly place: RegExp;
  readonly reason: string;
  readonly unborn?: readonly string[];
}[] = [
  { place: /annotation New model versions/, reason: 'compares with five minutes ago' },
  {
    place: /Logged predictions and la|MlfiIngestRejecting/,
    reason: 'nothing that was logged here is refused',
    unborn: ['mlfi_ingest_rejected_total'],
  },
  {
    place: /^mlfi-drift \/ Estimated accuracy/,
    reason: 'drawn for models that still have an estimate at the end of the range',
  },
  {
    place: /Actions that helped$/,
    reason: 'an action is verified after minutes',
    unborn: ['mlfi_verifications_total'],
  },
  {
    place: /^mlfi-drift \/ Share of the change by f/,
    reason: 'needs an experiment on the live model, which the operator must allow',
    unborn: ['mlfi_rca_attribution_ratio'],
  },
  { place: /^rule Mlfi(StoreDamaged|StoredRowsUnreadable)$/, reason: 'nothing that is stored is damaged here' },
  { place: /^rule MlfiModelsConfiguring$/, reason: 'needs a day' },
  { place: /^rule MlfiModelsUnrestored$/, reason: 'every model is restored here' },
  { place: /^rule MlfiConfigReloadFailed$/, reason: 'the configuration is not changed' },
  { place: /^rule MlfiLogFilesFailing$/, reason: 'no log files are read', unborn: ['mlfi_log_files_failures_total'] },
  {
    place: /^rule MlfiImportSilent$/,
    reason: 'no import is under way',
    unborn: ['mlfi_import_heard_timestamp_seconds'],
  },
  { place: /^rule MlfiKafkaAway$/, reason: 'no topics are read', unborn: ['mlfi_kafka_up'] },
  {
    place: /^rule MlfiKafkaStuck$/,
    reason: 'no topics are read',
    unborn: ['mlfi_kafka_lag_records', 'mlfi_kafka_position_offset'],
  },
  { place: /^rule MlfiModelUnwritten$/, reason: 'every model can be stored here' },
  { place: /^rule MlfiWrongCredentials$/, reason: 'nobody guesses keys here' },
  { place: /^rule MlfiModelUnreachable$/, reason: 'needs minutes without an answer' },
  { place: /^rule MlfiMonitorBlind$/, reason: 'fires only when nothing is watched' },
  {
    place: /^rule MlfiSeriesDropped$/,
    reason: 'a handful of models drops no series',
    unborn: ['mlfi_series_dropped_total'],
  },
  { place: /^rule MlfiPredictionsStopped$/, reason: 'needs an hour of silence' },
  { place: /^rule MlfiEvaluationStale$/, reason: 'needs ten minutes without a look' },
  { place: /^rule MlfiGoldenAnswersChanged$/, reason: 'no sample model is swapped for another' },
  { place: /^rule MlfiIncidentOpenLow$/, reason: 'the sample incidents are worse' },
  { place: /^rule MlfiSilentFailure$/, reason: 'a unit change moves inputs, not yet confidence' },
  {
    place: /^rule MlfiDrift(CostsAccuracy|Confirmed)$/,
    reason: 'depends on what the unit change costs',
    unborn: ['mlfi_signal_confirmed_change'],
  },
  { place: /^rule MlfiFalsePageBudgetLine$/, reason: 'depends on how fast evidence grows' },
  { place: /^rule MlfiBaseline(Stale|Missing)$/, reason: 'needs days' },
  { place: /^rule MlfiDecisionWaiting$/, reason: 'needs hours' },
  {
    place: /^rule Mlfi(ExecutionOutcomeUnknown|ActionDidNotHelp)$/,
    reason: 'the sample action is answered, and verified after minutes',
    unborn: ['mlfi_verifications_total'],
  },
  {
    place:
      /^rule Mlfi(TargetDown|StoreDown|AuditChainBroken|BreakGlassUnreviewed|ActionsStopped|Restarting|AuditVerificationStale|IngestRejecting)$/,
    reason: 'mlfi is well',
  },
  {
    place: /^rule MlfiDiscoveryFailing$/,
    reason: 'nothing is discovered',
    unborn: ['mlfi_discovery_failures_total', 'mlfi_discovery_last_success_timestamp_seconds'],
  },
];
const RATE_INTERVAL = '20s';

let models: DemoModels;
let receiver: Server;
let running: RunningService;
let prometheus: PrometheusServer;
const stopping = new AbortController();
const startedAtMs = Date.now();
let traffic: Promise<void> = Promise.resolve();

describe.skipIf(!HAS_PROMETHEUS && MAY_SKIP)(
  'PromQL of dashboards and Grafana rules, on a Prometheus with data',
  () => {
    beforeAll(async () => {
      models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(7), workingCalls: 40 });
      receiver = createServer((_, response) => response.writeHead(200).end('{}'));
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      running = await runService({
        // Enough that labels have come in before the baseline is admitted: accuracy can then be estimated without them.
        baseline: { minimum_samples: 600 },
        governance: {
          webhooks: [
            {
              name: 'platform',
              url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/act`,
              actions: ['retrain', 'rollback', 'recalibrate', 'scale-out', 'restart-endpoint', 'fix-pipeline'],
            },
          ],
        },
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
      await eventually('a baseline of the tabular model', 240_000, async () =>
        ((await prometheus.query('mlfi_baseline_state{model_name="tabular", state="ready"} == 1')) as Found).data.result
          .length > 0
          ? true
          : null,
      );
      // An estimate exists only while inputs are like the baseline's: it must be scraped before they stop being so.
      for (const metric of ['mlfi_baseline_accuracy_ratio', 'mlfi_estimated_accuracy_ratio'])
        await eventually(`${metric} of the tabular model`, 240_000, async () =>
          ((await prometheus.query(`${metric}{model_name="tabular"}`)) as Found).data.result.length > 0 ? true : null,
        );
      models.switches.set({ kind: 'unit_change', feature: 'hours-per-week', factor: 100 });
      await eventually('incidents of the broken and the tabular model', 240_000, async () =>
        (
          (await prometheus.query(
            'sum by (model_name) (mlfi_incidents_open{model_name=~"broken|tabular"}) > 0',
          )) as Found
        ).data.result.length === 2
          ? true
          : null,
      );
      await approveSomething();
      await sendAnAlert();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }, 900_000);

    afterAll(async () => {
      stopping.abort();
      await traffic.catch(() => undefined);
      await prometheus.stop();
      await running.close();
      await models.close();
      await new Promise((resolve) => receiver.close(resolve));
    });

    it.each([...dashboardExpressions(), ...ruleExpressions()])('$place', async ({ place, expr }) => {
      const answer = await prometheus.queryRange(filledIn(expr, '.*', RATE_INTERVAL), startedAtMs);
      if (answer.status === 'error') expect.fail(`${answer.errorType}: ${answer.error}\n${expr}`);
      const excuse = MAY_BE_EMPTY.find((exception) => exception.place.test(place));
      if (excuse === undefined) expect(answer.data.result.length, expr).toBeGreaterThan(0);
      else
        for (const metric of metricsOf(expr)) {
          if (excuse.unborn?.includes(metric) === true) continue;
          const series = await prometheus.queryRange(metric, startedAtMs);
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

/** One action that is carried out. */
async function approveSomething(): Promise<void> {
  const { body } = await running.request('GET', '/api/v1/recommendations?pending=true');
  const { recommendations } = body as {
    recommendations: readonly {
      readonly id: string;
      readonly digest: string;
      readonly plan: { executor: string } | null;
    }[];
  };
  const chosen = recommendations.find(({ plan }) => plan?.executor === 'webhook');
  const vote = {
    recommendation_id: chosen?.id,
    verdict: 'approve',
    digest: chosen?.digest,
    reason: 'to see it counted',
  };
  const { status } = await running.request('POST', '/api/v1/votes', vote, TOKENS.ada);
  expect(status).toBe(200);
}

/** One alert of somebody else about a sample model. */
async function sendAnAlert(): Promise<void> {
  const file = join(import.meta.dirname, '../data/alerts/alertmanager-v4.json');
  const notification = JSON.parse(readFileSync(file, 'utf8')) as { alerts: { labels: Record<string, string> }[] };
  for (const { labels } of notification.alerts) labels.model_name = 'tabular';
  const { status } = await running.request('POST', '/api/v1/alerts/alertmanager', notification);
  expect(status).toBe(202);
}

interface Found {
  readonly data: { readonly result: readonly unknown[] };
}
