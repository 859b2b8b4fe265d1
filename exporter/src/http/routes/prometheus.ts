import { Invalid } from '../../domain/errors.js';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ProbeRequest } from '../../domain/probe-request.js';
import type { Observation } from '../../domain/observation.js';
import { PROBE_METRICS, type ProbeMetricName } from '../../metrics/catalogue.js';
import { CONTENT_TYPES, endOf, negotiate, renderFamily, type ExpositionFormat } from '../../metrics/exposition.js';
import { json, modelParam, type Reply, type RequestContext, type Route } from '../route.js';

const compress = promisify(gzip);
/** Below this a scrape costs less uncompressed. */
const SMALLEST_GZIPPED = 1_400;
/** Left of Prometheus' own deadline for the answer to travel, as blackbox_exporter does. */
const DEADLINE_MARGIN_SECONDS = 0.5;

async function exposition(context: RequestContext, body: string, format: ExpositionFormat): Promise<Reply> {
  const type = CONTENT_TYPES[format];
  const acceptsGzip = /\bgzip\b/.test(String(context.headers['accept-encoding'] ?? ''));
  if (!acceptsGzip || body.length < SMALLEST_GZIPPED) return { kind: 'text', type, body };
  return { kind: 'text', type, body: await compress(body, { level: 1 }), encoding: 'gzip' };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The metrics of one probe; nothing of an earlier one shows. */
function probeText(
  samples: readonly Observation[],
  timedOut: boolean,
  seconds: number,
  timeoutSeconds: number,
  format: ExpositionFormat,
): string {
  const failures = samples.flatMap(({ failure }) => failure ?? []);
  const reasons = new Map<string, number>(timedOut ? [['timeout', 1]] : []);
  for (const { reason } of failures) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const answered = samples.filter(({ failure }) => failure === null);
  const latencies = answered.flatMap(({ latencySeconds }) => latencySeconds ?? []);
  const confidences = answered.flatMap(({ confidence }) => confidence ?? []);
  const good = samples.length > 0 && failures.length === 0 && !timedOut;
  const values: Readonly<Record<ProbeMetricName, readonly { labels: readonly string[]; value: number }[]>> = {
    probe_success: [{ labels: [], value: good ? 1 : 0 }],
    probe_duration_seconds: [{ labels: [], value: seconds }],
    probe_timeout_seconds: [{ labels: [], value: timeoutSeconds }],
    probe_http_status_code: [{ labels: [], value: good ? 200 : (failures.at(-1)?.httpStatus ?? 0) }],
    mlfi_probe_samples: [{ labels: [], value: samples.length }],
    mlfi_probe_failures: [...reasons].map(([reason, value]) => ({ labels: [reason], value })),
    mlfi_probe_latency_seconds: latencies.length === 0 ? [] : [{ labels: [], value: mean(latencies) }],
    mlfi_probe_confidence_ratio: confidences.length === 0 ? [] : [{ labels: [], value: mean(confidences) }],
  };
  return (
    (Object.keys(PROBE_METRICS) as ProbeMetricName[])
      .map((name) => renderFamily(name, PROBE_METRICS[name], values[name], format))
      .join('') + endOf(format)
  );
}

/** Seconds the probe may take: the module's, or what Prometheus will wait, whichever is shorter. */
function timeoutSeconds(context: RequestContext, module: ProbeRequest): number {
  const told = Number(context.headers['x-prometheus-scrape-timeout-seconds'] ?? NaN);
  const own = module.timeoutMs / 1_000;
  return Number.isFinite(told) && told > 0 ? Math.max(0.1, Math.min(own, told - DEADLINE_MARGIN_SECONDS)) : own;
}

async function probe(context: RequestContext): Promise<Reply> {
  const { application, probeModule } = context.ports;
  const id = modelParam({ ...context, params: { target: context.query.get('target') ?? '' } }, 'target');
  const name = context.query.get('module') ?? 'default';
  const module = probeModule(name);
  if (module === null)
    throw new Invalid(
      `there is no probe module "${name.slice(0, 64)}"; see probe_modules in the configuration`,
      'module',
    );
  const seconds = timeoutSeconds(context, module);
  const startedAt = performance.now();
  const samples = await application.models.probeNow(id, { ...module, timeoutMs: seconds * 1_000 });
  const format = negotiate(context.headers.accept);
  const body = probeText(samples ?? [], samples === null, (performance.now() - startedAt) / 1_000, seconds, format);
  if (context.query.get('debug') !== 'true') return exposition(context, body, format);
  const lines = (samples ?? []).map(
    ({ source, failure, latencySeconds, confidence }) =>
      `${source}: ${failure === null ? `answered in ${latencySeconds ?? 0} s, confidence ${confidence ?? 'none'}` : `${failure.reason}: ${failure.detail}`}`,
  );
  const head = `module ${name}: ${JSON.stringify(module)}\ntimeout ${seconds} s\n`;
  return {
    kind: 'text',
    type: 'text/plain; charset=utf-8',
    body: `${head}\nCalls\n${lines.join('\n')}\n\nMetrics\n${body}`,
  };
}

export const prometheusRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    summary: 'This process, for Prometheus',
    async handle(context) {
      const format = negotiate(context.headers.accept);
      return exposition(context, await context.ports.processMetrics.render(format), format);
    },
  },
  {
    method: 'GET',
    path: '/metrics/models',
    scope: 'read',
    summary: 'All models, for Prometheus; any replica answers the same',
    async handle(context) {
      const format = negotiate(context.headers.accept);
      return exposition(context, await context.ports.fleetMetrics(format), format);
    },
  },
  {
    method: 'GET',
    path: '/probe',
    scope: 'read',
    summary: 'Probe a watched model now, as blackbox_exporter does; ?target=<model id>&module=<name>&debug=true',
    handle: probe,
  },
  {
    method: 'GET',
    path: '/sd/models',
    scope: 'read',
    summary: 'Prometheus HTTP service discovery: one probe target per model; ?module=<name>',
    handle(context) {
      const host = context.headers.host ?? 'localhost';
      const module = context.query.get('module') ?? 'default';
      return json(
        context.ports.application.models
          .statuses()
          .filter(({ model }) => model.endpoint !== null && !model.paused)
          .map(({ model }) => ({
            targets: [host],
            labels: {
              __metrics_path__: '/probe',
              __param_target: model.id,
              __param_module: module,
              model_name: model.id,
              ...(model.versionLabel === null ? {} : { model_version: model.versionLabel }),
            },
          })),
      );
    },
  },
];
