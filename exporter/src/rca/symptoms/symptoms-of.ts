import { failureCount } from '../../domain/profile.js';
import { expectedCalibrationError } from '../../statistics/calibration.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { cellMiddle } from '../../statistics/grid.js';
import { compareCategorical, compareNumeric } from '../../statistics/compare.js';
import {
  categoricalTotal,
  invalidShare,
  missingShare,
  numericTotal,
  quantileOf,
  summariseNumeric,
  validTotal,
} from '../../statistics/signal-counts.js';
import { spearman } from '../../statistics/spearman.js';
import { createWindowBuilder, numericSignal } from '../../statistics/window-profile.js';
import type {
  ConfidenceEvidence,
  Symptoms,
  FeatureEvidence,
  GoldenEvidence,
  LabelEvidence,
  PredictionEvidence,
  ServiceEvidence,
} from '../../domain/symptoms.js';
import type { BlindSpot, Finding } from '../../domain/finding.js';
import type { Observation } from '../../domain/observation.js';
import type {
  BaselineProfile,
  LabelCounts,
  NumericCounts,
  SignalCounts,
  SignalKey,
  WindowProfile,
} from '../../domain/profile.js';
import type { MonitoredModelState } from '../../domain/monitored-model-state.js';
import type { RowAnalysis } from '../../domain/row-analysis.js';
import { differentialOfCounts, differentialOfSegments } from '../differential/index.js';
import { analyseRows, type RowAnalysisInput } from '../row-analysis.js';
import { segmentsFromCounts } from '../segments/pair-counts.js';
import { repairHints } from '../repair/index.js';
import type { LevelSummary, Proportion } from '../../domain/estimate.js';

/** What detection found in a model's state. */
export interface Detected {
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  readonly golden: GoldenEvidence;
}

const HOUR_MS = 3_600_000;
/** Answers later than this quantile of the baseline's latencies count as late. */
const USUAL_LATENCY = 0.95;
/** RFC 6585 and RFC 9110: too many requests, service unavailable. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
const FEWEST_FOR_TREND = 10;
const FEWEST_FOR_REPAIR = 100;
const MOST_FOR_REPAIR = 800;
/** The estimated start of a change may be early, so its first rows may be clean: this newest part is taken. */
const SURELY_CHANGED = 0.7;
/** A change this long before the window began is no longer likely to be behind it. */
const CHANGES_CONSIDERED_MS = 24 * HOUR_MS;
/** A declared change this near to the estimated start may be what started it; the estimate itself is no sharper. */
const DECLARED_BEFORE_MS = 6 * HOUR_MS;
const DECLARED_AFTER_MS = HOUR_MS;
/** A comparison this unlikely by chance is no chance (p < 10⁻⁵), even where it is below a detector's line. */
const SURPRISING = 5;
const MOST_SURPRISING = 300;

/** Puts everything root-cause analysis may look at into one object. Pure; asks nobody. */
export function symptomsOf(state: MonitoredModelState, detected: Detected, nowMs: number): Symptoms {
  const { baseline, window, rows } = state;
  const recent = newestRows(state);
  const newest = recent === null || baseline === null ? window : countsOf(recent, baseline.profile);
  const features = featureEvidence(state, detected.findings, newest, recent);
  const analysed = state.rowAnalysis ?? analyseRows(rowsToAnalyse(state, { features, golden: detected.golden }));
  const { segments, contrast } = withSegments(state, analysed);
  return {
    modelId: state.model.id,
    atMs: nowMs,
    window: { fromMs: window.fromMs, toMs: window.toMs, samples: window.calls },
    hasBaseline: baseline !== null,
    findings: detected.findings,
    service: serviceEvidence(state),
    golden: detected.golden,
    features,
    prediction: predictionEvidence(baseline, window),
    confidence: confidenceEvidence(baseline, window, rows),
    labels: labelEvidence(baseline, window),
    segments,
    changes: state.changes.filter((change) => change.atMs >= window.fromMs - CHANGES_CONSIDERED_MS),
    watched: state.evidence !== null && state.evidence.verdict !== 'learning',
    changePoint: changePointOf(state),
    differential: { ...differentialOfCounts(baseline, window, newest, features), ...contrast },
    decomposition: analysed.decomposition,
    attributions: analysed.attributions,
    experiment: state.experiment?.experiment ?? null,
    surrogate: analysed.surrogate,
    blindSpots: [...detected.blindSpots, ...withoutRows(state)],
  };
}

/** Where the baseline's rows are gone, segments come from the counts kept per pair of categories. */
function withSegments(
  { baseline, baselineRows, window }: MonitoredModelState,
  analysed: RowAnalysis,
): Pick<RowAnalysis, 'segments' | 'contrast'> {
  if (baseline === null || baselineRows.length > 0) return analysed;
  const segments = segmentsFromCounts(baseline.profile.groups, window.groups);
  return { segments, contrast: { ...analysed.contrast, ...differentialOfSegments(segments) } };
}

/** After a restart the counts are there and the rows behind them are not: what cannot be redone is said. */
function withoutRows({ baseline, baselineRows, rows, window }: MonitoredModelState): BlindSpot[] {
  const reason = 'feature values are never stored, so the rows from before the last start are gone; counts remain';
  const spots: BlindSpot[] = [];
  if (baseline !== null && baselineRows.length === 0) {
    const check =
      'segments by numbers or by more than two conditions, decomposition, attribution, label association and same-hour comparison against the baseline’s rows';
    spots.push({ check, reason });
  }
  if (rows.length < window.calls / 2)
    spots.push({ check: 'bursts of failures, values missing in the same rows, trends inside the window', reason });
  return spots;
}

function changePointOf({ evidence, changes }: MonitoredModelState): Symptoms['changePoint'] {
  const atMs = evidence?.changeAtMs ?? null;
  if (evidence === null || atMs === null || (evidence.verdict !== 'alarm' && evidence.verdict !== 'warning'))
    return null;
  const declared = changes.filter(
    (change) => change.atMs >= atMs - DECLARED_BEFORE_MS && change.atMs <= atMs + DECLARED_AFTER_MS,
  );
  return { atMs, declared };
}

/** What to find out of the rows, given which features moved and how golden inputs are answered. */
export function rowsToAnalyse(
  { baselineRows, rows, experiment }: MonitoredModelState,
  { features, golden }: Pick<Symptoms, 'features' | 'golden'>,
): RowAnalysisInput {
  return {
    baselineRows,
    rows,
    features,
    modelChanged: modelChangedBy(golden),
    experiment: experiment?.experiment ?? null,
    attributions: experiment?.attributions ?? [],
  };
}

/** Golden inputs answered otherwise show a changed model; without them nobody can say. */
const modelChangedBy = (golden: GoldenEvidence): boolean | null => (golden.compared === 0 ? null : golden.changed > 0);

function levelOf(profile: WindowProfile | undefined, key: SignalKey): LevelSummary | null {
  const counts = profile === undefined ? null : numericSignal(profile, key);
  return counts === null ? null : summariseNumeric(counts);
}

function serviceEvidence(state: MonitoredModelState): ServiceEvidence {
  const { baseline, window, rows } = state;
  const failures = failureCount(window);
  return {
    calls: window.calls,
    failures: proportion(failures, window.calls),
    failuresByReason: window.failures,
    consecutiveFailures: Math.max(state.consecutiveFailures, failures === window.calls ? failures : 0),
    failuresInBursts: inBursts(rows.map((row) => row.failure !== null)),
    refusedAsBusy: refusedAsBusy(rows),
    baselineErrorShare:
      baseline === null || baseline.profile.calls === 0
        ? null
        : failureCount(baseline.profile) / baseline.profile.calls,
    latencyBefore: levelOf(baseline?.profile, 'latency_seconds'),
    latencyNow: levelOf(window, 'latency_seconds'),
    ...lateAnswers(baseline, window),
    lastAnswerAtMs: state.lastAnswerAtMs,
  };
}

function refusedAsBusy(rows: readonly Observation[]): Proportion | null {
  const known = rows.flatMap(({ failure }) => (failure?.httpStatus == null ? [] : [failure.httpStatus]));
  return known.length === 0 ? null : proportion(known.filter((status) => BUSY.has(status)).length, known.length);
}

function lateAnswers(
  baseline: BaselineProfile | null,
  window: WindowProfile,
): Pick<ServiceEvidence, 'lateBefore' | 'lateNow'> {
  const before = baseline === null ? null : numericSignal(baseline.profile, 'latency_seconds');
  const now = numericSignal(window, 'latency_seconds');
  const usual = before === null ? null : quantileOf(before, USUAL_LATENCY);
  if (before === null || now === null || usual === null) return { lateBefore: null, lateNow: null };
  const later = (counts: NumericCounts): Proportion => {
    let late = 0;
    for (const [cell, count] of counts.cells) if (cellMiddle(counts.grid, cell) > usual) late += count;
    return proportion(late, numericTotal(counts));
  };
  return { lateBefore: later(before), lateNow: later(now) };
}

/** Wald & Wolfowitz's runs test: far fewer runs of failures and successes than independent failures would make (z < −3). */
function inBursts(failed: readonly boolean[]): boolean {
  const n1 = failed.filter(Boolean).length;
  const n2 = failed.length - n1;
  if (n1 < 5 || n2 < 5) return false;
  let runs = 1;
  for (let i = 1; i < failed.length; i += 1) if (failed[i] !== failed[i - 1]) runs += 1;
  const n = n1 + n2;
  const mean = (2 * n1 * n2) / n + 1;
  const variance = ((mean - 1) * (mean - 2)) / (n - 1);
  return variance > 0 && (runs - mean) / Math.sqrt(variance) < -3;
}

/**
 * The newest rows alone, where they are in memory: a window that still holds rows from before the change is a mixture, and
 * no single transformation explains a mixture.
 */
function newestRows({ rows, evidence }: MonitoredModelState): readonly Observation[] | null {
  const count = Math.max(FEWEST_FOR_REPAIR, Math.floor(rows.length / 3));
  if (rows.length < count) return null;
  const since = evidence?.verdict === 'alarm' ? evidence.changeAtMs : null;
  const sinceChange = since === null ? 0 : rows.filter(({ atMs }) => atMs >= since).length;
  return rows.slice(-Math.min(MOST_FOR_REPAIR, Math.max(count, Math.floor(SURELY_CHANGED * sinceChange))));
}

function countsOf(rows: readonly Observation[], like: WindowProfile): WindowProfile {
  const builder = createWindowBuilder({ like });
  for (const row of rows) builder.add(row);
  return builder.build();
}

function featureEvidence(
  state: MonitoredModelState,
  findings: readonly Finding[],
  newest: WindowProfile,
  recent: readonly Observation[] | null,
): FeatureEvidence[] {
  const { baseline, window } = state;
  const reported = new Set(
    findings
      .filter(({ detector }) =>
        [
          'numeric-drift',
          'categorical-drift',
          'missing-values',
          'invalid-values',
          'unseen-categories',
          'sequential-evidence',
        ].includes(detector),
      )
      .map(({ subject }) => subject as string),
  );
  const entries: Omit<FeatureEvidence, 'hint'>[] = [];
  for (const [key, now] of window.signals) {
    if (!key.startsWith('feature:')) continue;
    const before = baseline?.profile.signals.get(key);
    entries.push({
      ...featureOf(key.slice('feature:'.length), before, now, reported.has(key)),
      spreadRatio: spreadRatio(before, newest.signals.get(key)),
    });
  }
  const moved = entries.filter((entry) => entry.changed).map(({ feature }) => feature);
  const hints =
    baseline === null
      ? null
      : repairHints(
          moved,
          { counts: baseline.profile, rows: state.baselineRows.slice(-MOST_FOR_REPAIR) },
          { counts: newest, rows: recent ?? [] },
          (feature) => startOf(state, feature),
        );
  const evidence = entries.map((entry): FeatureEvidence => ({ ...entry, hint: hints?.get(entry.feature) ?? null }));
  return evidence.sort((a, b) => Number(b.changed) - Number(a.changed) || b.distance - a.distance);
}

/** When the feature's own evidence says that its change began, or else the model's. */
function startOf({ evidence }: MonitoredModelState, feature: string): number | null {
  const own = evidence?.signals.find(({ subject }) => subject === `feature:${feature}`);
  return own?.watch === 'changed' ? own.changeAtMs : (evidence?.changeAtMs ?? null);
}

function featureOf(
  feature: string,
  before: SignalCounts | undefined,
  now: SignalCounts,
  drifted: boolean,
): Omit<FeatureEvidence, 'hint' | 'spreadRatio'> {
  const common = {
    feature,
    samples: validTotal(now),
    missingBefore: before === undefined ? 0 : missingShare(before),
    missingNow: missingShare(now),
    invalidBefore: before === undefined ? 0 : invalidShare(before),
    invalidNow: invalidShare(now),
    reported: drifted,
  };
  const seen = (pValue: number | undefined): Pick<FeatureEvidence, 'minusLog10P' | 'changed'> => {
    const minusLog10P = pValue === undefined ? 0 : Math.min(MOST_SURPRISING, -Math.log10(Math.max(pValue, 1e-300)));
    return { minusLog10P, changed: drifted || minusLog10P >= SURPRISING };
  };
  if (now.kind === 'numeric') {
    const comparison = before?.kind === 'numeric' ? compareNumeric(before, now) : null;
    return {
      ...common,
      ...seen(comparison?.ksPValue),
      kind: 'numeric',
      distance: comparison?.ksStatistic ?? 0,
      meanShift: comparison?.meanShift ?? null,
      unseenShare: 0,
    };
  }
  const comparison = before?.kind === 'categorical' ? compareCategorical(before, now) : null;
  return {
    ...common,
    ...seen(comparison?.chiSquared.pValue),
    kind: 'categorical',
    distance: comparison?.totalVariation ?? 0,
    meanShift: null,
    unseenShare: comparison?.unseenShare ?? 0,
  };
}

/** Distance from the 5th to the 95th percentile, now ÷ before; null for categories and constants. */
function spreadRatio(before: SignalCounts | undefined, now: SignalCounts | undefined): number | null {
  if (before?.kind !== 'numeric' || now?.kind !== 'numeric') return null;
  const spread = (counts: NumericCounts): number => (quantileOf(counts, 0.95) ?? 0) - (quantileOf(counts, 0.05) ?? 0);
  const was = spread(before);
  return was <= 0 || numericTotal(now) === 0 ? null : spread(now) / was;
}

function topShare(
  counts: SignalCounts | undefined,
): { readonly share: number; readonly distinct: number; readonly samples: number } | null {
  if (counts === undefined) return null;
  const values = counts.kind === 'numeric' ? [...counts.cells.values()] : [...counts.categories.values()];
  const samples = counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts);
  return samples === 0 ? null : { share: Math.max(0, ...values) / samples, distinct: values.length, samples };
}

function predictionEvidence(baseline: BaselineProfile | null, window: WindowProfile): PredictionEvidence {
  const countsNow = window.signals.get('prediction');
  const countsBefore = baseline?.profile.signals.get('prediction');
  const now = topShare(countsNow);
  let mixDistance: number | null = null;
  if (countsNow?.kind === 'categorical' && countsBefore?.kind === 'categorical')
    mixDistance = compareCategorical(countsBefore, countsNow).totalVariation;
  if (countsNow?.kind === 'numeric' && countsBefore?.kind === 'numeric')
    mixDistance = compareNumeric(countsBefore, countsNow).ksStatistic;
  return {
    samples: now?.samples ?? 0,
    distinct: now?.distinct ?? 0,
    topShare: now?.share ?? 0,
    topShareBefore: topShare(countsBefore)?.share ?? null,
    mixDistance,
  };
}

function confidenceEvidence(
  baseline: BaselineProfile | null,
  window: WindowProfile,
  rows: readonly Observation[],
): ConfidenceEvidence {
  const now = levelOf(window, 'confidence');
  const confidences = rows.flatMap((row) => (row.confidence === null ? [] : [row.confidence]));
  const enough = confidences.length >= FEWEST_FOR_TREND;
  const quarter = Math.max(1, Math.floor(confidences.length / 4));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    present: now !== null,
    before: levelOf(baseline?.profile, 'confidence'),
    now,
    trend: enough
      ? spearman(
          confidences.map((_, i) => i),
          confidences,
        ).correlation
      : null,
    firstQuarterMean: enough ? mean(confidences.slice(0, quarter)) : null,
    lastQuarterMean: enough ? mean(confidences.slice(-quarter)) : null,
  };
}

function labelEvidence(baseline: BaselineProfile | null, window: WindowProfile): LabelEvidence {
  const accuracy = (labels: LabelCounts | undefined): LabelEvidence['accuracyNow'] =>
    labels === undefined || labels.labelled === 0 ? null : proportion(labels.correct, labels.labelled);
  return {
    accuracyBefore: accuracy(baseline?.profile.labels),
    accuracyNow: accuracy(window.labels),
    calibrationErrorBefore: baseline === null ? null : expectedCalibrationError(baseline.profile.labels),
    calibrationErrorNow: expectedCalibrationError(window.labels),
  };
}
