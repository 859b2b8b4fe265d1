import { cellBounds } from '../detection/statistics/grid.js';
import type { ModelStatus } from '../domain/application.js';
import { MODEL_STATES } from '../domain/model.js';
import type { SignalCounts } from '../domain/profile.js';
import { SEVERITIES } from '../domain/severity.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
}

/** One metric family of the fleet: the table is what docs/metrics.md and the renderer are made of. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (status: ModelStatus) => readonly Sample[];
}

const one = (value: number | null): readonly Sample[] => (value === null ? [] : [{ labels: {}, value }]);
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
const states = (label: string, all: readonly string[], current: string): Sample[] =>
  all.map((state) => ({ labels: { [label]: state }, value: state === current ? 1 : 0 }));
const byReason = (counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));

const SIGNALS_EXPORTED = 20;
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const CONFIDENCE_BUCKETS = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

/** A gauge-like histogram of the judged window; cells are put where their upper end lies. */
function histogram(counts: SignalCounts | undefined, buckets: readonly number[]): Sample[] {
  if (counts?.kind !== 'numeric') return [];
  const within = buckets.map(() => 0);
  let total = 0;
  let sum = 0;
  for (const [cell, count] of counts.cells) {
    const [low, high] = cellBounds(counts.grid, cell);
    total += count;
    sum += ((low + high) / 2) * count;
    buckets.forEach((bound, i) => {
      if (high <= bound + 1e-9) within[i] = (within[i] ?? 0) + count;
    });
  }
  return [
    ...buckets.map((bound, i): Sample => ({ labels: { le: String(bound) }, value: within[i] ?? 0, suffix: '_bucket' })),
    { labels: { le: '+Inf' }, value: total, suffix: '_bucket' },
    { labels: {}, value: sum, suffix: '_sum' },
    { labels: {}, value: total, suffix: '_count' },
  ];
}

/** Every family of `/metrics/models`. Each sample also carries `model_name`. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'mlfi_model_info',
    type: 'gauge',
    help: 'Facts about a watched model, always 1',
    labels: ['model_version', 'connector', 'team'],
    samples: ({ model }) => [
      {
        labels: {
          model_version: model.versionLabel ?? '',
          connector: model.endpoint?.connector ?? 'none',
          team: model.owner ?? '',
        },
        value: 1,
      },
    ],
  },
  {
    name: 'mlfi_model_state',
    type: 'gauge',
    help: 'State of the model; exactly one is 1',
    labels: ['state'],
    samples: ({ model }) => states('state', MODEL_STATES, model.state),
  },
  {
    name: 'mlfi_model_up',
    type: 'gauge',
    help: 'Whether the model answered in the judged window',
    labels: [],
    samples: ({ model }) => one(model.state === 'unreachable' ? 0 : 1),
  },
  {
    name: 'mlfi_model_probes_total',
    type: 'counter',
    help: 'Background probes since the model was added',
    labels: [],
    samples: ({ totals }) => one(totals.probes),
  },
  {
    name: 'mlfi_model_probe_failures_total',
    type: 'counter',
    help: 'Background probes that failed',
    labels: ['reason'],
    samples: ({ totals }) => byReason(totals.probeFailures),
  },
  {
    name: 'mlfi_model_predictions_total',
    type: 'counter',
    help: 'Predictions seen, probed and logged',
    labels: [],
    samples: ({ totals }) => one(totals.calls),
  },
  {
    name: 'mlfi_model_prediction_errors_total',
    type: 'counter',
    help: 'Predictions that failed',
    labels: ['reason'],
    samples: ({ totals }) => byReason(totals.failures),
  },
  {
    name: 'mlfi_model_last_probe_timestamp_seconds',
    type: 'gauge',
    help: 'Time of the last probe',
    labels: [],
    samples: ({ lastProbeAtMs }) => one(seconds(lastProbeAtMs)),
  },
  {
    name: 'mlfi_model_last_prediction_timestamp_seconds',
    type: 'gauge',
    help: 'Time of the last logged prediction',
    labels: [],
    samples: ({ lastPredictionAtMs }) => one(seconds(lastPredictionAtMs)),
  },
  {
    name: 'mlfi_model_window_samples',
    type: 'gauge',
    help: 'Calls in the judged window',
    labels: [],
    samples: ({ windowSamples }) => one(windowSamples),
  },
  {
    name: 'mlfi_model_window_error_ratio',
    type: 'gauge',
    help: 'Share of failed calls in the judged window',
    labels: [],
    samples: ({ errorShare }) => one(errorShare),
  },
  {
    name: 'mlfi_model_window_confidence_ratio',
    type: 'gauge',
    help: 'Mean confidence in the judged window',
    labels: [],
    samples: ({ confidenceMean }) => one(confidenceMean),
  },
  {
    name: 'mlfi_model_window_latency_seconds',
    type: 'histogram',
    help: 'Latency in the judged window (a sliding window, not a cumulative histogram)',
    labels: ['le'],
    samples: ({ window }) => histogram(window.signals.get('latency_seconds'), LATENCY_BUCKETS),
  },
  {
    name: 'mlfi_model_window_confidence_distribution',
    type: 'histogram',
    help: 'Confidence in the judged window (a sliding window, not a cumulative histogram)',
    labels: ['le'],
    samples: ({ window }) => histogram(window.signals.get('confidence'), CONFIDENCE_BUCKETS),
  },
  {
    name: 'mlfi_baseline_state',
    type: 'gauge',
    help: 'State of the baseline; exactly one is 1',
    labels: ['state'],
    samples: ({ baseline, learning }) =>
      states(
        'state',
        ['absent', 'learning', 'ready', 'frozen'],
        baseline !== null ? (baseline.frozen ? 'frozen' : 'ready') : learning === null ? 'absent' : 'learning',
      ),
  },
  {
    name: 'mlfi_baseline_samples',
    type: 'gauge',
    help: 'Samples in the baseline, or learnt so far',
    labels: [],
    samples: ({ baseline, learning }) => one(baseline?.profile.calls ?? learning?.profile.calls ?? 0),
  },
  {
    name: 'mlfi_evidence_line_ratio',
    type: 'gauge',
    help: 'Evidence that anything changed, on a log scale from 0 to the paging line at 1',
    labels: [],
    samples: ({ evidence }) => one(evidence.lineShare),
  },
  {
    name: 'mlfi_evidence_ticks',
    type: 'gauge',
    help: 'Evidence that anything changed, in ticks; crosses mlfi_evidence_line_ticks once per false-page budget by chance',
    labels: [],
    samples: ({ evidence }) => one(Math.exp(evidence.logEvidence)),
  },
  {
    name: 'mlfi_evidence_line_ticks',
    type: 'gauge',
    help: 'Paging line in ticks: mean time between false pages divided by the tick',
    labels: ['line'],
    samples: ({ evidence }) => [
      { labels: { line: 'page' }, value: Math.exp(evidence.logLine) },
      { labels: { line: 'warning' }, value: Math.exp(evidence.logWarningLine) },
    ],
  },
  {
    name: 'mlfi_false_page_budget_left_ratio',
    type: 'gauge',
    help: 'Part of the false-page budget that the evidence has not used up; 0 at an alarm',
    labels: [],
    samples: ({ evidence }) => one(evidence.budgetLeft),
  },
  {
    name: 'mlfi_signal_evidence_log',
    type: 'gauge',
    help: 'Natural logarithm of the evidence that one signal changed, in ticks; the 20 strongest signals',
    labels: ['signal', 'watch'],
    samples: ({ evidence }) =>
      evidence.signals.slice(0, SIGNALS_EXPORTED).map(({ subject, watch, logEvidence }) => ({
        labels: { signal: subject, watch },
        value: logEvidence,
      })),
  },
  {
    name: 'mlfi_change_timestamp_seconds',
    type: 'gauge',
    help: 'Estimated start of the change behind the alarm',
    labels: [],
    samples: ({ evidence }) => one(seconds(evidence.changeAtMs)),
  },
  {
    name: 'mlfi_estimated_accuracy_ratio',
    type: 'gauge',
    help: 'Accuracy of the judged window estimated without its labels (CBPE), with the ends of its 95 % band',
    labels: ['bound'],
    samples: ({ performance }) =>
      performance.kind === 'unknown' || performance.measure !== 'accuracy'
        ? []
        : [
            { labels: { bound: 'estimate' }, value: performance.accuracy },
            { labels: { bound: 'low' }, value: performance.band.low },
            { labels: { bound: 'high' }, value: performance.band.high },
          ],
  },
  {
    name: 'mlfi_realised_accuracy_ratio',
    type: 'gauge',
    help: 'Accuracy of the judged answers whose labels have arrived',
    labels: [],
    samples: ({ performance }) => one(performance.realised.accuracy?.share ?? null),
  },
  {
    name: 'mlfi_estimated_absolute_error',
    type: 'gauge',
    help: "Mean absolute error of the judged window's numeric answers estimated without labels (DLE), in the answer's unit, with the ends of its 95 % band",
    labels: ['bound'],
    samples: ({ performance }) =>
      performance.kind === 'unknown' || performance.measure !== 'mean-absolute-error'
        ? []
        : [
            { labels: { bound: 'estimate' }, value: performance.meanAbsoluteError },
            { labels: { bound: 'low' }, value: performance.band.low },
            { labels: { bound: 'high' }, value: performance.band.high },
          ],
  },
  {
    name: 'mlfi_realised_absolute_error',
    type: 'gauge',
    help: "Mean absolute error of the judged numeric answers whose labels have arrived, in the answer's unit",
    labels: [],
    samples: ({ performance }) => one(performance.realised.error?.mean ?? null),
  },
  {
    name: 'mlfi_findings',
    type: 'gauge',
    help: 'Findings of the last look',
    labels: ['detector'],
    samples: ({ findings }) =>
      [...new Set(findings.map(({ detector }) => detector))].map((detector) => ({
        labels: { detector },
        value: findings.filter((finding) => finding.detector === detector).length,
      })),
  },
  {
    name: 'mlfi_finding_ratio',
    type: 'gauge',
    help: 'Statistic of a finding divided by its line; 1 is the line',
    labels: ['detector', 'signal'],
    samples: ({ findings }) =>
      findings
        .filter(({ threshold }) => threshold !== 0)
        .map(({ detector, subject, statistic, threshold }) => ({
          labels: { detector, signal: subject },
          value: Math.abs(statistic.value / threshold),
        })),
  },
  {
    name: 'mlfi_incidents_open',
    type: 'gauge',
    help: 'Open incidents by level',
    labels: ['level'],
    samples: ({ incident }) =>
      SEVERITIES.filter((level) => level !== 'none').map((level) => ({
        labels: { level },
        value: incident?.severity === level ? 1 : 0,
      })),
  },
  {
    name: 'mlfi_incident_opened_timestamp_seconds',
    type: 'gauge',
    help: 'When the open incident was opened',
    labels: [],
    samples: ({ incident }) => one(seconds(incident?.openedAtMs ?? null)),
  },
  {
    name: 'mlfi_rca_cause_probability_ratio',
    type: 'gauge',
    help: 'Probability of each cause of the open incident',
    labels: ['cause'],
    samples: ({ incident }) =>
      [
        ...new Map(
          (incident?.diagnosis.causes ?? []).map(({ id, probability }) => [id, probability]).reverse() as [
            string,
            number,
          ][],
        ),
      ].map(([cause, value]) => ({ labels: { cause }, value })),
  },
  {
    name: 'mlfi_evaluation_timestamp_seconds',
    type: 'gauge',
    help: 'When the model was last judged',
    labels: [],
    samples: ({ evaluatedAtMs }) => one(seconds(evaluatedAtMs)),
  },
  {
    name: 'mlfi_evaluation_duration_seconds',
    type: 'gauge',
    help: 'How long the last judgement took',
    labels: [],
    samples: ({ evaluationSeconds }) => one(evaluationSeconds),
  },
];

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function line(family: Family, model: string, { labels, value, suffix }: Sample): string {
  const rest = Object.entries(labels)
    .map(([name, text]) => `,${name}="${escaped(text)}"`)
    .join('');
  return `${family.name}${suffix ?? ''}{model_name="${escaped(model)}"${rest}} ${value}\n`;
}

/**
 * Text format 0.0.4 of the whole fleet, built from one snapshot.
 * @param maximumSeries samples beyond it are dropped and counted in `mlfi_series_dropped_total`
 */
export function renderFleet(statuses: readonly ModelStatus[], maximumSeries = 100_000): string {
  let series = 0;
  let dropped = 0;
  const parts: string[] = [];
  for (const family of FAMILIES) {
    const lines: string[] = [];
    for (const status of statuses) {
      for (const sample of family.samples(status)) {
        if (series >= maximumSeries) dropped += 1;
        else {
          series += 1;
          lines.push(line(family, status.model.id, sample));
        }
      }
    }
    if (lines.length > 0)
      parts.push(`# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`, ...lines);
  }
  parts.push(
    `# HELP mlfi_series_dropped_total Samples left out of this scrape for want of room\n# TYPE mlfi_series_dropped_total counter\nmlfi_series_dropped_total ${dropped}\n`,
  );
  return parts.join('');
}
