import { z } from 'zod';
import { Invalid } from '../../domain/errors.js';
import type { Observation } from '../../domain/observation.js';
import type { ProbeRequest } from '../../domain/probe-request.js';
import { PROBE_METRICS, type ProbeMetricName } from '../../metrics/catalogue.js';
import { CONTENT_TYPES, endOf, renderFamily, type ExpositionFormat } from '../../metrics/exposition.js';
import { exposition, expositionFormat } from '../negotiation.js';
import { modelIdSchema } from '../parameters.js';
import { route, textResponse, type HttpPorts, type Route } from '../route.js';

/** Left of Prometheus' own deadline for the answer to travel, as blackbox_exporter does. */
const DEADLINE_MARGIN_SECONDS = 0.5;

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
    probe_http_status_code: [{ labels: [], value: statusOf(samples) }],
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

/** The HTTP status of the last failed call, else of the last call; 0 when there was no HTTP answer. */
function statusOf(samples: readonly Observation[]): number {
  const failed = samples.findLast(({ failure }) => failure !== null);
  return (failed === undefined ? samples.at(-1)?.httpStatus : failed.failure?.httpStatus) ?? 0;
}

/** Seconds the probe may take: the module's, or what Prometheus will wait, whichever is shorter. */
function timeoutSeconds(scrapeTimeout: string | undefined, module: ProbeRequest): number {
  const told = Number(scrapeTimeout ?? NaN);
  const own = module.timeoutMs / 1_000;
  return Number.isFinite(told) && told > 0 ? Math.max(0.1, Math.min(own, told - DEADLINE_MARGIN_SECONDS)) : own;
}

const callText = ({ source, failure, latencySeconds, confidence }: Observation): string =>
  failure === null
    ? `${source}: answered in ${latencySeconds ?? 0} s, confidence ${confidence ?? 'none'}`
    : `${source}: ${failure.reason}: ${failure.detail}`;

const EXPOSITION = textResponse([CONTENT_TYPES.text, CONTENT_TYPES.openmetrics], 'an exposition of Prometheus');
const moduleName = z.string().max(64).default('default').meta({ description: 'a name of probe_modules' });

/** @throws Invalid when the configuration has no such module */
function probeModuleNamed({ probeModule }: Pick<HttpPorts, 'probeModule'>, name: string): ProbeRequest {
  const module = probeModule(name);
  if (module !== null) return module;
  throw new Invalid(`there is no probe module "${name}"; see probe_modules in the configuration`, 'module');
}

export const prometheusRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    summary: 'This process, for Prometheus',
    responses: { 200: EXPOSITION },
    async handler({ ports, headers }) {
      const format = expositionFormat({ headers });
      return { status: 200, ...(await exposition({ headers }, await ports.processMetrics.render(format), format)) };
    },
  }),
  route({
    method: 'GET',
    path: '/metrics/models',
    scope: 'read',
    summary: 'All models, for Prometheus',
    responses: { 200: EXPOSITION },
    async handler({ ports, headers }) {
      const format = expositionFormat({ headers });
      return { status: 200, ...(await exposition({ headers }, await ports.fleetMetrics(format), format)) };
    },
  }),
  route({
    method: 'GET',
    path: '/probe',
    scope: 'read',
    summary: 'Probe a watched model now, as blackbox_exporter does',
    query: z.strictObject({
      target: modelIdSchema,
      module: moduleName,
      debug: z.enum(['true', 'false']).default('false'),
    }),
    queryNamesThing: true,
    responses: { 200: EXPOSITION },
    async handler({ ports, query: { target, module: name, debug }, headers }) {
      const module = probeModuleNamed(ports, name);
      const given = headers['x-prometheus-scrape-timeout-seconds'];
      const seconds = timeoutSeconds(typeof given === 'string' ? given : undefined, module);
      const startedAt = performance.now();
      const samples = await ports.application.models.probeNow(target, { ...module, timeoutMs: seconds * 1_000 });
      const format = expositionFormat({ headers });
      const took = (performance.now() - startedAt) / 1_000;
      const metrics = probeText(samples ?? [], samples === null, took, seconds, format);
      if (debug !== 'true') return { status: 200, ...(await exposition({ headers }, metrics, format)) };
      const head = `module ${name}: ${JSON.stringify(module)}\ntimeout ${seconds} s\n`;
      const calls = (samples ?? []).map(callText).join('\n');
      return {
        status: 200,
        type: 'text/plain; charset=utf-8',
        text: `${head}\nCalls\n${calls}\n\nMetrics\n${metrics}`,
      };
    },
  }),
  route({
    method: 'GET',
    path: '/sd/models',
    scope: 'read',
    summary: 'Prometheus HTTP service discovery: one probe target per model',
    query: z.strictObject({ module: moduleName }),
    responses: {
      200: z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) })),
    },
    handler({ ports, query: { module }, headers: { host = 'localhost' } }) {
      probeModuleNamed(ports, module);
      const targets = ports.application.models
        .registered()
        .filter(({ endpoint, paused }) => endpoint !== null && !paused)
        .map(({ id, versionLabel }) => ({
          targets: [host],
          labels: {
            __metrics_path__: '/probe',
            __param_target: id,
            __param_module: module,
            model_name: id,
            ...(versionLabel === null ? {} : { model_version: versionLabel }),
          },
        }));
      return { status: 200, body: targets };
    },
  }),
];
