import { metric, type RecordingRule, type RuleGroup, type Timing } from './rule.js';

/** How one serving system says what everyone wants to know. Expressions give one series per model; absent where it cannot. */
interface Dialect {
  readonly serving: string;
  /** Label that holds the model's name, and the one that holds its version. */
  readonly model: string;
  readonly version: string | null;
  readonly requests: readonly string[];
  readonly errors: string | null;
  /** Seconds per request, mean. */
  readonly mean: string;
  /** Histogram in seconds, without `_bucket`. */
  readonly histogram: string | null;
}

/** Metric names as the systems export them (their sources; docs/prometheus.md). */
const DIALECTS: readonly Dialect[] = [
  {
    serving: 'kserve',
    model: 'model_name',
    version: null,
    requests: ['rate(request_predict_seconds_count[W])'],
    errors: null,
    mean: 'sum by (G) (rate(request_predict_seconds_sum[W])) / sum by (G) (rate(request_predict_seconds_count[W]))',
    histogram: 'request_predict_seconds',
  },
  {
    serving: 'mlserver',
    model: 'model',
    version: 'version',
    requests: ['rate(model_infer_request_success_total[W])', 'rate(model_infer_request_failure_total[W])'],
    errors: 'rate(model_infer_request_failure_total[W])',
    mean: 'sum by (G) (rate(model_infer_request_duration_sum[W])) / sum by (G) (rate(model_infer_request_duration_count[W]))',
    histogram: null,
  },
  {
    serving: 'seldon',
    model: 'model',
    version: null,
    requests: ['rate(seldon_model_infer_total[W])'],
    errors: 'rate(seldon_model_infer_total{code!~"OK|2.."}[W])',
    mean: 'sum by (G) (rate(seldon_model_infer_seconds_total[W])) / sum by (G) (rate(seldon_model_infer_total[W]))',
    histogram: 'seldon_model_infer_api_seconds',
  },
  {
    serving: 'triton',
    model: 'model',
    version: 'version',
    requests: ['rate(nv_inference_request_success[W])', 'rate(nv_inference_request_failure[W])'],
    errors: 'rate(nv_inference_request_failure[W])',
    mean: 'sum by (G) (rate(nv_inference_request_duration_us[W])) / sum by (G) (rate(nv_inference_request_success[W])) / 1e6',
    histogram: null,
  },
  {
    serving: 'bentoml',
    model: 'service_name',
    version: 'service_version',
    requests: ['rate(bentoml_service_request_total[W])'],
    errors: 'rate(bentoml_service_request_total{http_response_code=~"5.."}[W])',
    mean: 'sum by (G) (rate(bentoml_service_request_duration_seconds_sum[W])) / sum by (G) (rate(bentoml_service_request_duration_seconds_count[W]))',
    histogram: 'bentoml_service_request_duration_seconds',
  },
  {
    serving: 'vllm',
    model: 'model_name',
    version: null,
    requests: ['rate(vllm:request_success_total[W])'],
    errors: 'rate(vllm:request_success_total{finished_reason=~"abort|error"}[W])',
    mean: 'sum by (G) (rate(vllm:e2e_request_latency_seconds_sum[W])) / sum by (G) (rate(vllm:e2e_request_latency_seconds_count[W]))',
    histogram: 'vllm:e2e_request_latency_seconds',
  },
];

/** `model_name` and `model_version` whatever the system calls them; its own label goes. */
function renamed(expr: string, { model, version }: Dialect): string {
  const name = model === 'model_name' ? expr : `label_replace(${expr}, "model_name", "$1", "${model}", "(.*)")`;
  const both = version === null ? name : `label_replace(${name}, "model_version", "$1", "${version}", "(.*)")`;
  const labels = ['namespace', 'model_name', ...(version === null ? [] : ['model_version'])];
  return `max by (${labels.join(', ')}) (${both})`;
}

function rulesOf(dialect: Dialect, window: string): RecordingRule[] {
  const groups = ['namespace', dialect.model, ...(dialect.version === null ? [] : [dialect.version])].join(', ');
  const written = (expr: string): string =>
    expr.replaceAll('[W]', `[${window}]`).replaceAll('by (G)', `by (${groups})`);
  const requests = dialect.requests.map((rate) => `sum by (${groups}) (${written(rate)})`).join(' + ');
  const labels = { serving: dialect.serving };
  const rules: RecordingRule[] = [
    { record: 'ml:request:rate5m', expr: renamed(requests, dialect), labels },
    { record: 'ml:request_latency_seconds:mean5m', expr: renamed(written(dialect.mean), dialect), labels },
  ];
  if (dialect.errors !== null) {
    const failed = `(sum by (${groups}) (${written(dialect.errors)}) or 0 * (${requests}))`;
    rules.push({
      record: 'ml:request_errors:ratio_rate5m',
      expr: renamed(`${failed} / ((${requests}) > 0)`, dialect),
      labels,
    });
  }
  if (dialect.histogram !== null) {
    rules.push({
      record: 'ml:request_latency_seconds:p99_rate5m',
      expr: renamed(
        `histogram_quantile(0.99, sum by (${groups}, le) (rate(${dialect.histogram}_bucket[${window}])))`,
        dialect,
      ),
      labels,
    });
  }
  return rules;
}

/** Requests, errors and latency of the serving systems under one set of names, and joined to the models mlfi watches. */
export function serving(timing: Timing): RuleGroup {
  const window = timing.span('5m');
  const joined = (record: string): string =>
    `max by (model_name, served_model, team) (${metric('mlfi_model_info')}{served_model!=""}) * on (served_model) group_left () max by (served_model) (label_replace(${record}, "served_model", "$1", "model_name", "(.*)"))`;
  return {
    name: 'ml-serving',
    interval: timing.span('30s'),
    rules: [
      ...DIALECTS.flatMap((dialect) => rulesOf(dialect, window)),
      { record: 'model:ml_request_errors:ratio_rate5m', expr: joined('ml:request_errors:ratio_rate5m') },
      { record: 'model:ml_request_latency_seconds:mean5m', expr: joined('ml:request_latency_seconds:mean5m') },
    ],
  };
}
