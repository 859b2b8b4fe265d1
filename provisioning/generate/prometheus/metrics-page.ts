import {
  FLEET_METRICS,
  MODEL_METRICS,
  PROBE_METRICS,
  PROCESS_METRICS,
  type Metric,
} from '../../../exporter/src/metrics/catalogue.js';

function table(metrics: Readonly<Record<string, Metric>>): string {
  const rows = Object.entries(metrics).map(([name, { type, unit, labels, help }]) => {
    const shown = labels.filter((label) => label !== 'le').map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${unit === '1' ? '' : unit} | ${shown.join(', ')} | ${help.replaceAll('|', '\\|')} |`;
  });
  return `| name | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** docs/metrics.md, from the table the exporter renders from. */
export function metricsPage(): string {
  return `<!-- Made by \`npm run provision\` from exporter/src/metrics/catalogue.ts. Change it there. -->

# Metrics

Three surfaces, because they fail and grow differently. All need an API key with the scope \`read\`.

| path | what | how to scrape it |
| --- | --- | --- |
| \`/metrics\` | this process | always |
| \`/metrics/models\` | the state of all models | always, with a limit on its samples |
| \`/probe?target=<model>&module=<name>\` | one probe, made when asked | through \`/sd/models\`, one target per model |

Text format 0.0.4 and OpenMetrics 1.0.0 are served as the \`Accept\` header asks; the series are called the same in both.
Bodies are gzipped where the client takes it. No sample carries a timestamp.

## \`/metrics/models\`: every model

Every series also carries \`model_name\`. The version is a label of \`mlfi_model_info\` only: on every series it would end all
series, and restart the \`for\` of every alert, at each release — join it where it is wanted:
\`mlfi_model_window_error_ratio * on (model_name) group_left (model_version) mlfi_model_info\`.

Evaluations are made every few seconds and cached, since they cost more than a scrape may wait; the time of the last one is
\`mlfi_evaluation_timestamp_seconds\`.

${table(MODEL_METRICS)}
## \`/metrics/models\`: once

${table(FLEET_METRICS)}
## \`/metrics\`

\`process_*\` and \`nodejs_*\` come from prom-client.

${table(PROCESS_METRICS)}
## \`/probe\`

Names without \`mlfi_\` are those of blackbox_exporter, so its dashboards work. \`&debug=true\` shows the calls as text.

${table(PROBE_METRICS)}
## How many series

A model with 20 features has about 350: 20 signals of evidence, 6 signals in 11 frozen bins (twice), two cumulative and two
sliding histograms, and the rest once. \`metrics.models\`, \`metrics.signals_per_model\`, \`metrics.binned_signals\` and
\`metrics.series\` limit them; what a limit cuts is counted in \`mlfi_series_dropped_total\`. Models are cut whole, in the order
of their names, so that no series flaps. A sensible \`sample_limit\` for the job is \`metrics.series\` plus 1,000.

## Prometheus 2 and 3

- Prometheus 3 fails a scrape without a content type it knows; mlfi always sends one.
- It allows UTF-8 in names; mlfi uses \`[a-z_]\` only, so no name needs quotes and escaping schemes change nothing.
- It writes the \`le\` of buckets as \`1.0\`, Prometheus 2 as the target does; mlfi sends \`1.0\`, so both store the same.
- Range selectors are open on the left in 3; no rule here depends on a sample that lies exactly on the border.
- \`holt_winters\` and other renamed functions are not used. Native histograms cannot be exported from JavaScript;
  \`convert_classic_histograms_to_nhcb: true\` turns the classic ones into them.
`;
}
