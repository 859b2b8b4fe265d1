import { binnedDistance } from '../statistics/frozen-bins.js';
import { cellBounds, cellMiddle, cellOf } from '../statistics/grid.js';
import { populationStabilityIndex } from '../statistics/population-stability-index.js';
import type { ModelStatus } from '../domain/model-status.js';
import { NO_MODEL_DECISIONS, type ModelDecisionCounts } from '../domain/decision-counts.js';
import { MODEL_STATES } from '../domain/model.js';
import { FAILURE_REASONS } from '../domain/observation.js';
import { baselineSamples, type SignalCounts } from '../domain/profile.js';
import { RECOMMENDATION_STATES } from '../domain/recommendation.js';
import { SEVERITIES } from '../domain/severity.js';
import type { ModelMetricName } from './catalogue.js';
import { canonicalNumber } from './exposition.js';
import type { Interval } from '../domain/estimate.js';

/** One series of a family: the values of its labels in the catalogue's order (an empty one is left out). */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** What one model's series are made of. */
export interface ModelView {
  readonly status: ModelStatus;
  readonly figures: ModelDecisionCounts;
  /** Most signals of one family. */
  readonly signals: number;
}

export type Sampler = (view: ModelView) => readonly Sample[];

/** Upper bounds, and the `le` of each and of the last one. */
interface Buckets {
  readonly bounds: readonly number[];
  readonly labels: readonly (readonly [le: string])[];
}
const bucketsOf = (bounds: readonly number[]): Buckets => ({
  bounds,
  labels: [...bounds.map(canonicalNumber), '+Inf'].map((le) => [le]),
});

const NO_LABELS: readonly string[] = [];
const LATENCY_BUCKETS = bucketsOf([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);
const CONFIDENCE_BUCKETS = bucketsOf(Array.from({ length: 20 }, (_, i) => (i + 1) / 20));
const BASELINE_STATES = ['absent', 'learning', 'ready', 'frozen'];
const LABEL_LENGTH = 100;
/** A series that is known to exist starts at 0, or its first failure would be no increase. */
const NO_FAILURES = Object.fromEntries(FAILURE_REASONS.map((reason) => [reason, 0]));

const one = (value: number | null): readonly Sample[] => (value === null ? [] : [{ labels: NO_LABELS, value }]);
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
const states = (all: readonly string[], current: string): Sample[] =>
  all.map((state) => ({ labels: [state], value: state === current ? 1 : 0 }));
const counted = (counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([label, value]) => ({ labels: [label], value }));
const banded = (value: number, { low, high }: Interval): readonly Sample[] => [
  { labels: ['estimate'], value },
  { labels: ['low'], value: low },
  { labels: ['high'], value: high },
];
const capped = (text: string): string => (text.length > LABEL_LENGTH ? `${text.slice(0, LABEL_LENGTH - 1)}…` : text);

/** Cells are put where their upper end lies. */
function histogram(counts: SignalCounts | null | undefined, buckets: Buckets): Sample[] {
  if (counts?.kind !== 'numeric') return [];
  const { grid, cells } = counts;
  const { bounds, labels } = buckets;
  const lastCells = bounds.map((bound) => {
    const cell = cellOf(grid, bound);
    return cellBounds(grid, cell)[1] <= bound + 1e-9 ? cell : cell - 1;
  });
  const within = new Float64Array(bounds.length + 1);
  let total = 0;
  let sum = 0;
  for (const [cell, count] of cells) {
    total += count;
    sum += cellMiddle(grid, cell) * count;
    let first = 0;
    let last = lastCells.length;
    while (first < last) {
      const middle = (first + last) >> 1;
      if (cell <= (lastCells[middle] ?? Infinity)) last = middle;
      else first = middle + 1;
    }
    within[first] = (within[first] ?? 0) + count;
  }
  let below = 0;
  const samples: Sample[] = labels.map((label, i) => {
    below += within[i] ?? 0;
    return { labels: label, value: below, suffix: '_bucket' };
  });
  samples.push(
    { labels: NO_LABELS, value: sum, suffix: '_sum' },
    { labels: NO_LABELS, value: total, suffix: '_count' },
  );
  return samples;
}

function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : '';
}

/** What the serving system calls the model, from paths such as `/v2/models/<name>/infer` and `/predictions/<name>`. */
function servedModel(url: string | undefined): string | null {
  const path = url !== undefined && URL.canParse(url) ? new URL(url).pathname : '';
  const name = /\/(?:models|predictions)\/([^/:]+)/.exec(path)?.[1];
  return name === undefined ? null : capped(decodeURIComponent(name));
}

function binned(view: ModelView, pick: 'baseline' | 'total'): Sample[] {
  return view.status.running.binned.flatMap((entry) =>
    entry.bins.map((bin, i) => ({ labels: [capped(entry.signal), bin], value: entry[pick][i] ?? 0 })),
  );
}

/** Of a model that nobody asks, or that never answered yet, nobody knows whether it is up. */
const isAsked = ({ endpoint, paused, state }: ModelView['status']['model']): boolean =>
  endpoint !== null && !paused && state !== 'configuring';

/** How each family of `MODEL_METRICS` is read off a model. */
export const MODEL_SAMPLES: Readonly<Record<ModelMetricName, Sampler>> = {
  mlfi_model_info: ({ status: { model } }) => [
    {
      labels: [
        capped(model.versionLabel ?? ''),
        model.endpoint?.connector ?? 'none',
        capped(model.owner ?? ''),
        hostOf(model.endpoint?.url),
        servedModel(model.endpoint?.url) ?? model.id,
      ],
      value: 1,
    },
  ],
  mlfi_model_state: ({ status: { model } }) => states(MODEL_STATES, model.state),
  mlfi_model_up: ({ status: { model } }) => {
    if (model.state === 'unreachable') return one(0);
    return isAsked(model) ? one(1) : [];
  },
  mlfi_model_probes_total: ({ status: { totals } }) => one(totals.probes),
  mlfi_model_probe_failures_total: ({ status: { totals } }) => counted({ ...NO_FAILURES, ...totals.probeFailures }),
  mlfi_model_predictions_total: ({ status: { totals } }) => one(totals.calls),
  mlfi_model_prediction_errors_total: ({ status: { totals } }) => counted({ ...NO_FAILURES, ...totals.failures }),
  mlfi_model_latency_seconds: ({ status: { running } }) => histogram(running.latency, LATENCY_BUCKETS),
  mlfi_model_confidence_ratio: ({ status: { running } }) => histogram(running.confidence, CONFIDENCE_BUCKETS),
  mlfi_model_last_probe_timestamp_seconds: ({ status }) => one(seconds(status.lastProbeAtMs)),
  mlfi_model_certificate_expiry_timestamp_seconds: ({ status }) => one(seconds(status.certificateEndsAtMs)),
  mlfi_model_unwritten: ({ status }) => one(status.unwrittenSinceMs === null ? 0 : 1),
  mlfi_model_last_prediction_timestamp_seconds: ({ status }) => one(seconds(status.lastPredictionAtMs)),
  mlfi_model_window_samples: ({ status }) => one(status.windowSamples),
  mlfi_model_window_error_ratio: ({ status }) => one(status.errorShare),
  mlfi_model_window_confidence_ratio: ({ status }) => one(status.confidenceMean),
  mlfi_model_window_latency_seconds: ({ status: { window } }) =>
    histogram(window.signals.get('latency_seconds'), LATENCY_BUCKETS),
  mlfi_model_window_confidence_distribution: ({ status: { window } }) =>
    histogram(window.signals.get('confidence'), CONFIDENCE_BUCKETS),
  mlfi_baseline_state: ({ status: { baseline, learning } }) =>
    states(
      BASELINE_STATES,
      baseline !== null ? (baseline.frozen ? 'frozen' : 'ready') : learning === null ? 'absent' : 'learning',
    ),
  mlfi_baseline_info: ({ status: { baseline } }) =>
    baseline === null ? [] : [{ labels: [String(baseline.version)], value: 1 }],
  mlfi_baseline_samples: ({ status: { baseline, learning } }) => one(baselineSamples(baseline, learning) ?? 0),
  mlfi_baseline_created_timestamp_seconds: ({ status: { baseline } }) => one(seconds(baseline?.admittedAtMs ?? null)),
  mlfi_signal_bin_values_total: (view) => binned(view, 'total'),
  mlfi_signal_bin_baseline_values: (view) => binned(view, 'baseline'),
  mlfi_signal_population_stability: ({ status: { running } }) =>
    running.binned.map(({ signal, baseline, window }) => ({
      labels: [capped(signal)],
      value: populationStabilityIndex(baseline, window).value,
    })),
  mlfi_signal_distance_ratio: ({ status: { running } }) =>
    running.binned.map((entry) => ({ labels: [capped(entry.signal)], value: binnedDistance(entry) })),
  mlfi_evidence_line_ratio: ({ status: { evidence } }) => one(evidence.lineShare),
  mlfi_evidence_ticks: ({ status: { evidence } }) => one(Math.exp(evidence.logEvidence)),
  mlfi_evidence_line_ticks: ({ status: { evidence } }) => [
    { labels: ['page'], value: Math.exp(evidence.logLine) },
    { labels: ['warning'], value: Math.exp(evidence.logWarningLine) },
  ],
  mlfi_false_page_budget_left_ratio: ({ status: { evidence } }) => one(evidence.budgetLeft),
  mlfi_signal_evidence_log: ({ status: { evidence }, signals }) =>
    evidence.signals.slice(0, signals).map(({ subject, watch, logEvidence }) => ({
      labels: [capped(subject), watch],
      value: logEvidence,
    })),
  mlfi_signal_confirmed_change: ({ status: { evidence }, signals }) =>
    evidence.confirmed.slice(0, signals).map((subject) => ({ labels: [capped(subject)], value: 1 })),
  mlfi_signals_changed: ({ status: { evidence } }) => one(evidence.confirmed.length),
  mlfi_change_timestamp_seconds: ({ status: { evidence } }) => one(seconds(evidence.changeAtMs)),
  mlfi_baseline_accuracy_ratio: ({ status: { performance } }) =>
    performance.kind === 'unknown' || performance.measure !== 'accuracy' ? [] : one(performance.baselineAccuracy.share),
  mlfi_estimated_accuracy_ratio: ({ status: { performance } }) =>
    performance.kind === 'unknown' || performance.measure !== 'accuracy'
      ? []
      : banded(performance.accuracy, performance.band),
  mlfi_realised_accuracy_ratio: ({ status: { performance } }) => one(performance.realised.accuracy?.share ?? null),
  mlfi_estimated_absolute_error: ({ status: { performance } }) =>
    performance.kind === 'unknown' || performance.measure !== 'mean-absolute-error'
      ? []
      : banded(performance.meanAbsoluteError, performance.band),
  mlfi_realised_absolute_error: ({ status: { performance } }) => one(performance.realised.error?.mean ?? null),
  mlfi_findings: ({ status: { findings } }) =>
    [...new Set(findings.map(({ detector }) => detector))].map((detector) => ({
      labels: [detector],
      value: findings.filter((finding) => finding.detector === detector).length,
    })),
  mlfi_blind_spots: ({ status: { blindSpots } }) => one(blindSpots.length),
  mlfi_finding_ratio: ({ status: { findings }, signals }) =>
    findings
      .filter(({ threshold }) => threshold !== 0)
      .map(({ detector, subject, statistic, threshold }) => ({
        labels: [detector, capped(subject)],
        value: Math.abs(statistic.value / threshold),
      }))
      .sort((a, b) => b.value - a.value)
      .slice(0, signals),
  mlfi_incidents_open: ({ status: { incident, model } }) =>
    SEVERITIES.filter((level) => level !== 'none').map((level) => ({
      labels: [level],
      value: incident?.severity === level && !model.paused ? 1 : 0,
    })),
  mlfi_incident_story_info: ({ status: { incident, model } }) => {
    if (incident?.story === undefined || model.paused) return [];
    const { id, shared } = incident.story;
    const address = shared.find(({ kind }) => kind === 'address')?.name ?? '';
    return [{ labels: [id, shared[0]?.kind ?? 'nothing', capped(address)], value: 1 }];
  },
  mlfi_incidents_total: ({ figures }) => one(figures.incidents),
  mlfi_recurring_cause_incidents: ({ status: { patterns } }) =>
    patterns.map(({ cause, incidents }) => ({ labels: [cause], value: incidents })),
  mlfi_incident_opened_timestamp_seconds: ({ status: { incident } }) => one(seconds(incident?.openedAtMs ?? null)),
  mlfi_rca_cause_probability_ratio: ({ status: { incident } }) => {
    const best = new Map<string, number>();
    for (const { id, probability } of incident?.diagnosis.causes ?? [])
      best.set(id, Math.max(probability, best.get(id) ?? 0));
    return counted(Object.fromEntries(best));
  },
  mlfi_rca_attribution_ratio: ({ status: { incident }, signals }) =>
    [...(incident?.diagnosis.attributions ?? [])]
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
      .slice(0, signals)
      .map(({ feature, value }) => ({ labels: [capped(`feature:${feature}`)], value })),
  mlfi_recommendation_info: ({ status: { incident }, figures: { top } }) =>
    top === null || incident === null
      ? []
      : [{ labels: [top.action, top.cause, top.priority.toLowerCase(), top.state], value: 1 }],
  mlfi_recommendations: ({ figures }) =>
    RECOMMENDATION_STATES.map((state) => ({ labels: [state], value: figures.recommendations[state] ?? 0 })),
  mlfi_recommendation_oldest_pending_timestamp_seconds: ({ figures }) => one(seconds(figures.oldestPendingAtMs) ?? 0),
  mlfi_executions_total: ({ figures }) =>
    figures.executions.map(({ executor, count }) => ({ labels: [executor], value: count })),
  mlfi_execution_failures_total: ({ figures }) =>
    figures.executions.map(({ executor, failed }) => ({ labels: [executor], value: failed })),
  mlfi_executions_unknown: ({ figures }) => one(figures.executionsUnknown),
  mlfi_verifications_total: ({ figures }) =>
    counted({ recovered: 0, not_recovered: 0, inconclusive: 0, ...figures.verifications }),
  mlfi_alerts_firing: ({ figures }) => counted(figures.alertsFiring),
  mlfi_evaluation_timestamp_seconds: ({ status }) => one(seconds(status.evaluatedAtMs)),
  mlfi_evaluation_duration_seconds: ({ status }) => one(status.evaluationSeconds),
};

/** The view of a model about which nothing has been decided yet. */
export const viewOf = (
  status: ModelStatus,
  signals: number,
  figures: ModelDecisionCounts = NO_MODEL_DECISIONS,
): ModelView => ({
  status,
  figures,
  signals,
});
