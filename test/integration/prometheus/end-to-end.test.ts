import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { startService, type Service } from '../../../exporter/src/service/start.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { alertmanagerConfiguration } from '../../../provisioning/generate/alertmanager/configuration.js';
import { prometheusConfiguration } from '../../../provisioning/generate/prometheus/configuration.js';
import { ruleFiles } from '../../../provisioning/generate/prometheus/files.js';
import { Timing } from '../../../provisioning/generate/prometheus/rule.js';
import { DEFAULT_SETTINGS } from '../../../provisioning/generate/settings.js';
import { eventually } from '../running-service.js';
import { freePort } from '../servers/free-port.js';
import { serve, startAlertmanager, startPrometheus, type LocalServer, type RealServer } from './servers.js';
import { checkMetrics, hasPrometheus } from './tools.js';

/** Every duration of the rules, thirty times faster: 5 minutes are 10 seconds, `for: 1m` is 2. */
const timing = new Timing(30);
const root = join(import.meta.dirname, '../../..');

interface Slack {
  readonly channel: string;
  readonly body: string;
  readonly title: string;
  readonly text: string;
  readonly title_link: string;
}
interface PrometheusAlert {
  readonly labels: Record<string, string>;
  readonly state: string;
  readonly activeAt: string;
}
interface Vector {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

let folder: string;
let model: LocalServer;
let serving: LocalServer;
let people: LocalServer;
let prometheus: RealServer;
let alertmanager: RealServer;
let first: Service;
let second: Service | null = null;
let firstIsClosed = false;
let key = '';
let broken = false;
let calls = 0;
const posts: Slack[] = [];
const forwarded: string[] = [];

const serviceOn = async (port: number): Promise<Service> => {
  const loaded = parseConfig(
    'test',
    stringify({
      data_dir: join(folder, 'data'),
      listen: { address: '127.0.0.1', port },
      egress: { allow_cidrs: ['127.0.0.0/8'] },
      probing: { interval: '500ms', timeout: '1s', probes_per_cycle: 5, golden_inputs: 5 },
      baseline: { minimum_samples: 60 },
      detection: { window_samples: 60 },
      paging: { season: 'none' },
      windows: { length: '5s', evaluate_every: '500ms' },
      discovery: { files: [join(folder, 'models.yml'), join(folder, 'missing.yml')], refresh: '1s' },
      log_files: [{ directory: folder, model: 'logged' }],
      logging: { level: 'silent' },
    }),
    {},
    folder,
  );
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
  return startService(loaded.config);
};

const api = async (service: Service, method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as unknown;
};

const query = async (expr: string): Promise<Vector> =>
  (await prometheus.json(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as Vector;
/** The expression at every second since the test began: some states last only a while. */
const since = async (expr: string): Promise<Vector> => {
  const now = Math.floor(Date.now() / 1_000);
  const range = `start=${now - 90}&end=${now}&step=1`;
  return (await prometheus.json(`/api/v1/query_range?query=${encodeURIComponent(expr)}&${range}`)) as Vector;
};
const alerts = async (): Promise<readonly PrometheusAlert[]> =>
  ((await prometheus.json('/api/v1/alerts')) as { data: { alerts: PrometheusAlert[] } }).data.alerts;
const firing = async (name: string, modelName: string): Promise<PrometheusAlert | null> =>
  (await alerts()).find(
    ({ labels, state }) => labels['alertname'] === name && labels['model_name'] === modelName && state === 'firing',
  ) ?? null;
const pagesAbout = (name: string): Slack[] =>
  posts.filter(({ channel, title }) => channel === '/page' && title.includes(` ${name}:`));

/** Logged predictions with labels: as learnt, or with income ten times too large and confidence gone. */
function logged(count: number, drifted: boolean, seed: number): object[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const confidence = drifted ? 0.5 + random.next() / 10 : 0.8 + random.next() / 5;
    const prediction = drifted || random.next() < 0.5 ? 'no' : 'yes';
    return {
      features: {
        income: (drifted ? 400_000 : 40_000) * (0.5 + random.next()),
        age: 20 + Math.floor(50 * random.next()),
      },
      prediction,
      confidence,
      latency_seconds: 0.01,
      label: random.next() < confidence ? prediction : 'other',
    };
  });
}

/** Sends them as a sender would, in batches over time. */
async function send(batches: number, size: number, drifted: boolean): Promise<void> {
  for (let i = 0; i < batches; i += 1) {
    await api(first, 'POST', '/api/v1/models/logged/observations', [
      ...logged(size, drifted, batches * size + i),
      { prediction: 'yes', confidence: 'high' },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
}

/** What six serving systems say, growing with time. */
function servingText(): string {
  const n = Math.floor(Date.now() / 100) % 1e9;
  const histogram = (name: string, labels: string): string =>
    `${name}_bucket{${labels},le="1.0"} ${n}\n${name}_bucket{${labels},le="+Inf"} ${n}\n${name}_sum{${labels}} ${n / 4}\n${name}_count{${labels}} ${n}\n`;
  return [
    histogram('request_predict_seconds', 'model_name="iris"'),
    `model_infer_request_success_total{model="wine",version="2"} ${n}\nmodel_infer_request_failure_total{model="wine",version="2"} ${n / 9}\n`,
    `model_infer_request_duration_sum{model="wine",version="2"} ${n / 9}\nmodel_infer_request_duration_count{model="wine",version="2"} ${n}\n`,
    `seldon_model_infer_total{model="income",code="200"} ${n}\nseldon_model_infer_seconds_total{model="income",code="200"} ${n / 5}\n`,
    histogram('seldon_model_infer_api_seconds', 'model="income"'),
    `nv_inference_request_success{model="sample",version="1"} ${n}\nnv_inference_request_failure{model="sample",version="1"} ${n / 7}\nnv_inference_request_duration_us{model="sample",version="1"} ${n * 1000}\n`,
    `bentoml_service_request_total{service_name="sum",service_version="1",http_response_code="200"} ${n}\n`,
    histogram('bentoml_service_request_duration_seconds', 'service_name="sum",service_version="1"'),
    `vllm:request_success_total{model_name="llama",finished_reason="stop"} ${n}\n`,
    histogram('vllm:e2e_request_latency_seconds', 'model_name="llama"'),
  ].join('');
}

beforeAll(async () => {
  if (!hasPrometheus) return;
  folder = mkdtempSync(join(tmpdir(), 'mlfi-e2e-'));
  model = await serve((_, body) => {
    calls += 1;
    // Two of three, evenly: some probe of every cycle is answered, so that the model is never told as unreachable in between.
    if (broken && calls % 3 !== 0) return { status: 500, body: '{"error":"out of memory"}' };
    const length = body.length;
    if (broken && pagesAbout('sample').length > 0)
      return { body: JSON.stringify({ label: 'neutral', confidence: 0.4 }) };
    return {
      body: JSON.stringify({
        label: length % 2 === 0 ? 'positive' : 'negative',
        confidence: 0.85 + (length % 10) / 100,
      }),
    };
  });
  serving = await serve(() => ({ body: servingText(), type: 'text/plain; version=0.0.4' }));
  people = await serve((request, body) => {
    const [attachment] = (JSON.parse(body) as { attachments: Omit<Slack, 'channel' | 'body'>[] }).attachments;
    if (attachment !== undefined) posts.push({ ...attachment, channel: request.url ?? '', body });
    return { body: 'ok' };
  });
  writeFileSync(join(folder, 'models.yml'), '[]');
  const [portA, portB, portP, portM] = [await freePort(), await freePort(), await freePort(), await freePort()];
  first = await serviceOn(portA);
  key = first.firstKey ?? '';
  await api(first, 'POST', '/api/v1/models', {
    id: 'sample',
    url: `http://127.0.0.1:${model.port}/predict`,
    payloads: [{ text: 'The parcel came early.' }, { text: 'It never came.' }, { text: 'All is well, thank you.' }],
    version: 'v1',
  });
  await api(first, 'POST', '/api/v1/models', { id: 'logged' });

  const inFolder = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const keyFile = inFolder('key', key);
  mkdirSync(join(folder, 'rules'));
  for (const [name, text] of Object.entries(ruleFiles(DEFAULT_SETTINGS, timing)))
    writeFileSync(join(folder, 'rules', name), text);
  // A rule the team had before mlfi came: about the same model, by a label of its own.
  const team = {
    alert: 'TeamSeesErrors',
    expr: 'label_replace(mlfi_model_window_error_ratio{model_name="sample"} > 0.3, "model", "$1", "model_name", "(.*)")',
    labels: { severity: 'warning' },
    annotations: { summary: 'Checkout complains.' },
  };
  inFolder('rules/team.yml', stringify({ groups: [{ name: 'team', interval: '1s', rules: [team] }] }));
  const amFile = inFolder(
    'alertmanager.yml',
    stringify(
      alertmanagerConfiguration({
        grafanaUrl: DEFAULT_SETTINGS.grafanaUrl,
        hasRunbooks: false,
        groupWait: '4s',
        groupInterval: '2s',
        repeatInterval: '1h',
        templates: join(root, 'provisioning/alertmanager/templates/*.tmpl'),
        mlfi: { url: `http://127.0.0.1:${portA}/api/v1/alerts/alertmanager`, keyFile },
        pageUrlFile: inFolder('page-url', `http://127.0.0.1:${people.port}/page`),
        ticketUrlFile: inFolder('ticket-url', `http://127.0.0.1:${people.port}/ticket`),
      }),
      { aliasDuplicateObjects: false },
    ),
  );
  const both = [`127.0.0.1:${portA}`, `127.0.0.1:${portB}`];
  const configuration = prometheusConfiguration({
    timing,
    keyFile,
    replicas: both,
    service: both,
    ruleFiles: join(folder, 'rules/*.yml'),
    alertmanagers: [`127.0.0.1:${portM}`],
    scrapeEvery: '30s',
  }) as { scrape_configs: unknown[] };
  configuration.scrape_configs.push({
    job_name: 'serving',
    static_configs: [{ targets: [`127.0.0.1:${serving.port}`] }],
  });
  alertmanager = await startAlertmanager(folder, amFile, portM);
  prometheus = await startPrometheus(folder, inFolder('prometheus.yml', stringify(configuration)), portP);
  secondPort = portB;
});
let secondPort = 0;

afterAll(async () => {
  if (!hasPrometheus) return;
  await prometheus.stop();
  await alertmanager.stop();
  if (!firstIsClosed) await first.close();
  await second?.close();
  await Promise.all([model.stop(), serving.stop(), people.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!hasPrometheus)('from a broken model to a page and back', () => {
  let activeAt = '';

  it('is scraped: all three surfaces up, and what they say is what promtool takes', async () => {
    await eventually('all jobs to be up', 20_000, async () => {
      const up = await query('count by (job) (up == 1)');
      const jobs = up.data.result.map(({ metric }) => metric['job']);
      return ['mlfi', 'mlfi-models', 'mlfi-probe', 'serving'].every((job) => jobs.includes(job)) ? true : null;
    });
    for (const path of ['/metrics', '/metrics/models', '/probe?target=sample']) {
      const text = await (
        await fetch(`${first.address}${path}`, { headers: { authorization: `Bearer ${key}` } })
      ).text();
      const file = join(folder, 'exposition.txt');
      writeFileSync(file, text);
      const checked = await checkMetrics(file);
      expect(checked.output, path).toBe('');
      expect(checked.ok, path).toBe(true);
    }
  });

  it('learns what is normal, quietly', async () => {
    await send(2, 400, false);
    await eventually('baselines', 60_000, async () => {
      const ready = await query('mlfi_baseline_state{state="ready"} == 1');
      return ready.data.result.length === 2 ? true : null;
    });
    // Later, with inputs unlike any before, accuracy without labels is told as unknown.
    await send(2, 100, false);
    await eventually('an estimate of accuracy', 20_000, async () => {
      const estimated = await query('mlfi_estimated_accuracy_ratio');
      return estimated.data.result.length > 0 ? true : null;
    });
    expect(posts.filter(({ channel }) => channel === '/page')).toEqual([]);
  });

  it('pages once, with cause, top action and a link', async () => {
    broken = true;
    const drifting = send(8, 100, true);
    const alert = await eventually('MlfiIncidentOpen', 40_000, () => firing('MlfiIncidentOpen', 'sample'));
    activeAt = alert.activeAt;
    await drifting;
    const page = await eventually('a page', 30_000, () => pagesAbout('sample')[0] ?? null);
    expect(page.title).toMatch(/^\[CRITICAL.*\] sample: /);
    expect(page.text).toMatch(/\*Cause:\* (endpoint-errors|model-unreachable|slow-endpoint)/);
    expect(page.text).toMatch(/\*Top action:\* [a-z-]+ \(pending\)/);
    expect(page.title_link).toBe('http://localhost:3000/a/mlfi-investigator-app/models/sample/incident');
    // No page of runbooks was named to the generator.
    expect(page.text).not.toContain('Runbook');
  });

  it('mutes the symptoms of the incident in Alertmanager', async () => {
    await eventually('an inhibited symptom', 20_000, async () => {
      const known = (await alertmanager.json('/api/v2/alerts')) as {
        labels: Record<string, string>;
        status: { inhibitedBy: string[] };
      }[];
      return (
        known.find(
          ({ labels, status }) =>
            labels['model_name'] === 'sample' && labels['mlfi_role'] === 'symptom' && status.inhibitedBy.length > 0,
        ) ?? null
      );
    });
  });

  it('takes in the alert of the team once, however often it comes, and none of its own', async () => {
    const received = await eventually('the alert of the team', 20_000, async () => {
      const { alerts: known } = (await api(first, 'GET', '/api/v1/alerts?model=sample')) as {
        alerts: { name: string; fingerprint: string; starts_at_ms: number; summary: string }[];
      };
      return known[0] ?? null;
    });
    expect(received).toMatchObject({ name: 'TeamSeesErrors', summary: 'Checkout complains.' });
    const again = {
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'TeamSeesErrors', model: 'sample' },
          startsAt: new Date(received.starts_at_ms).toISOString(),
          fingerprint: received.fingerprint,
        },
        {
          status: 'firing',
          labels: { origin: 'mlfi', model_name: 'sample' },
          startsAt: new Date().toISOString(),
          fingerprint: 'own',
        },
      ],
    };
    for (let i = 0; i < 3; i += 1)
      expect(await api(first, 'POST', '/api/v1/alerts/alertmanager', again)).toEqual({
        taken: 0,
        duplicate: 1,
        resolved: 0,
        unassigned: 0,
        own: 1,
      });
    const { incidents } = (await api(first, 'GET', '/api/v1/incidents?model=sample')) as {
      incidents: { id: string }[];
    };
    // A short one of before the break, of a slow machine, is not what this is about.
    const stories: string[] = [];
    for (const { id } of incidents) {
      const { timeline } = (await api(first, 'GET', `/api/v1/incidents/${id}`)) as {
        timeline: { kind: string; text: string }[];
      };
      stories.push(...timeline.filter(({ kind }) => kind === 'alert').map(({ text }) => text));
    }
    expect(stories).toEqual(['Alertmanager: TeamSeesErrors — Checkout complains.']);
    forwarded.push(received.fingerprint);
  });

  it('has data for every expression of every rule, and an error for none', async () => {
    await eventually('a confirmed change of a feature', 30_000, async () => {
      const changed = await since('mlfi_signal_confirmed_change{signal=~"feature:.+"}');
      return changed.data.result.length > 0 ? true : null;
    });
    const empty: string[] = [];
    for (const text of Object.values(ruleFiles(DEFAULT_SETTINGS, timing))) {
      const { groups } = parse(text) as { groups: { rules: { record?: string; alert?: string; expr: string }[] }[] };
      for (const { record, alert, expr } of groups.flatMap(({ rules }) => rules)) {
        expect((await since(expr)).error, expr).toBeUndefined();
        // A line that is not crossed gives nothing; asked for 0 or 1, it must give one of them.
        // Which story a model is told in is a label, no condition.
        const conditions = expr.replaceAll(STORY_LABEL, '');
        const parts =
          alert === undefined ? [expr] : conditions.split(/ (?:and|unless|or) (?:on \((?:model_name)?\) )?/);
        for (const part of parts) {
          // No topics are read here, nothing is imported, and nothing is a day old.
          const isNowhere = ['mlfi_kafka_', 'mlfi_import_', ' offset '].some((text) => part.includes(text));
          if (part.startsWith('absent(') || isNowhere) continue;
          const whole = balanced(part);
          const asked = alert === undefined ? whole : whole.replaceAll(/ (>=|>|<|==) (?!bool)/g, ' $1 bool ');
          const { data, error } = await since(asked);
          expect(error, asked).toBeUndefined();
          if (data.result.length === 0) empty.push(`${record ?? alert ?? ''}: ${asked}`);
        }
      }
    }
    expect(empty).toEqual([]);
  });

  it('keeps the clocks of its alerts when another exporter takes over', async () => {
    const before = posts.length;
    await first.close();
    firstIsClosed = true;
    second = await serviceOn(secondPort);
    await eventually('a scrape of the second exporter', 20_000, async () => {
      const now = await query(`mlfi_incidents_open{instance="127.0.0.1:${secondPort}", model_name="sample"}`);
      return now.data.result.length > 0 ? true : null;
    });
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect((await firing('MlfiIncidentOpen', 'sample'))?.activeAt).toBe(activeAt);
    expect(posts.slice(before).filter(({ title }) => title.startsWith('[RESOLVED] sample'))).toEqual([]);
    expect(pagesAbout('sample')).toHaveLength(1);
  });

  it('says that it is over when the model is well again', async () => {
    broken = false;
    await eventually('the alert to go', 110_000, async () =>
      (await firing('MlfiIncidentOpen', 'sample')) === null ? true : null,
    );
    const resolved = await eventually(
      'the message',
      30_000,
      () => pagesAbout('sample').find(({ title }) => title.startsWith('[RESOLVED]')) ?? null,
    );
    expect(resolved.text).toContain('over:');
    expect(pagesAbout('sample').filter(({ title }) => title.startsWith('[CRITICAL'))).toHaveLength(1);
  }, 200_000);
});

/** The label `story`, put to what fires. */
const STORY_LABEL = / \* on \(model_name\) group_left \(story\) topk by \(model_name\) \(1, .*? >= bool 0\)/g;

/** Splitting at `and` can leave a bracket open on one side; the part that stands alone is what is asked. */
function balanced(part: string): string {
  let text = part.trim();
  const count = (of: string): number => text.split(of).length - 1;
  // A comparison may follow the bracket that was opened in an earlier part: `… or b) == 1` is `b == 1`.
  while (count('(') < count(')')) text = text.replace(/\)([^)]*)$/, '$1');
  while (count('(') > count(')')) text = text.replace(/^[^(]*\(/, '');
  return text;
}
