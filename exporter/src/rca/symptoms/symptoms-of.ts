import { provisionalText } from '../../domain/alert-evidence.js';
import { CHECKS_BY_BASELINE_ROWS, subjectText, type BlindSpot, type Finding } from '../../domain/finding.js';
import { counted } from '../../domain/quantity-text.js';
import type { MonitoredModelState } from '../../domain/monitored-model-state.js';
import type { RowAnalysis } from '../../domain/row-analysis.js';
import type { Attribution, GoldenEvidence, Symptoms } from '../../domain/symptoms.js';
import { differentialOfCounts, differentialOfSegments } from '../differential/index.js';
import { analyseRows, type RowAnalysisInput } from '../row-analysis.js';
import { segmentsFromCounts } from '../segments/pair-counts.js';
import { confidenceEvidence, labelEvidence, predictionEvidence } from './answer-symptoms.js';
import { featureEvidence } from './feature-symptoms.js';
import { countsOf, newestRows } from './newest-rows.js';
import { serviceEvidence } from './service-symptoms.js';

/** What detection found in a model's state. */
export interface Detected {
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  readonly golden: GoldenEvidence;
}

const HOUR_MS = 3_600_000;
/** A change this long before the window began is no longer likely to be behind it. */
const CHANGES_CONSIDERED_MS = 24 * HOUR_MS;
/** A declared change this near to the estimated start may be what started it; the estimate itself is no sharper. */
const DECLARED_BEFORE_MS = 6 * HOUR_MS;
const DECLARED_AFTER_MS = HOUR_MS;

/** Puts everything root-cause analysis may use into one object. Pure: no clock, no network. */
export function symptomsOf(state: MonitoredModelState, detected: Detected, nowMs: number): Symptoms {
  const { baseline, window, rows } = state;
  const recent = newestRows(state);
  const newest = recent === null || baseline === null ? window : countsOf(recent, baseline.profile);
  const features = featureEvidence(state, detected.findings, newest, recent);
  const analysed = state.rowAnalysis ?? analyseRows(rowsToAnalyse(state, { features, golden: detected.golden }));
  const { segments, differential } = withSegments(state, analysed);
  return {
    modelId: state.model.id,
    atMs: nowMs,
    window: { fromMs: window.fromMs, toMs: window.toMs, samples: window.calls },
    hasBaseline: baseline !== null,
    findings: detected.findings,
    service: serviceEvidence(state, nowMs),
    golden: detected.golden,
    features,
    prediction: predictionEvidence(baseline, window),
    confidence: confidenceEvidence(baseline, window, rows),
    labels: labelEvidence(baseline, window),
    segments,
    changes: state.changes.filter((change) => change.atMs >= window.fromMs - CHANGES_CONSIDERED_MS),
    watched: state.evidence !== null && state.evidence.verdict !== 'learning',
    changePoint: changePointOf(state),
    differential: { ...differentialOfCounts(baseline, window, newest, features), ...differential },
    decomposition: analysed.decomposition,
    attributions: attributionsOf(state, analysed),
    experiment: state.experiment?.experiment ?? null,
    surrogate: analysed.surrogate,
    blindSpots: [...detected.blindSpots, ...provisionalSignals(state), ...withoutRows(state)],
  };
}

/** What the model itself answered comes before what the rows say: they may have been analysed before it was asked. */
function attributionsOf({ experiment }: MonitoredModelState, analysed: RowAnalysis): readonly Attribution[] {
  return experiment !== null && experiment.attributions.length > 0 ? experiment.attributions : analysed.attributions;
}

/** Where the baseline's rows are gone, segments come from the counts kept per pair of categories. */
function withSegments(
  { baseline, baselineRows, window }: MonitoredModelState,
  analysed: RowAnalysis,
): Pick<RowAnalysis, 'segments' | 'differential'> {
  if (baseline === null || baselineRows.length > 0) return analysed;
  const segments = segmentsFromCounts(baseline.profile.groups, window.groups);
  return { segments, differential: { ...analysed.differential, ...differentialOfSegments(segments) } };
}

/** Signals whose shifts alert nobody yet: seen, described, and kept quiet until a daily pattern can be told from a change. */
function provisionalSignals({ evidence }: MonitoredModelState): BlindSpot[] {
  const provisional = evidence?.signals.filter(({ watch }) => watch === 'provisional') ?? [];
  if (evidence === null || provisional.length === 0) return [];
  const [first, ...others] = provisional.map(({ subject }) => subjectText(subject));
  const check = `shifts of ${first ?? ''}${others.length === 0 ? '' : ` and ${counted(others.length, 'more signal')}`}`;
  return [{ check, reason: provisionalText(evidence.provisionalUntilMs) }];
}

/** After a restart the counts are there and the rows behind them are not: what cannot be redone is said. */
function withoutRows({ baseline, baselineRows, rows, window }: MonitoredModelState): BlindSpot[] {
  const reason =
    'rows are never stored: those of before the last start, or before the model was read anew from its store, are gone; counts remain';
  const spots: BlindSpot[] = [];
  if (baseline !== null && baselineRows.length === 0) spots.push({ check: CHECKS_BY_BASELINE_ROWS, reason });
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

/** What to find out of the rows, given which features changed and how golden inputs are answered. */
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

/** Golden inputs answered otherwise show a changed model; without them it is not known. */
const modelChangedBy = (golden: GoldenEvidence): boolean | null => (golden.compared === 0 ? null : golden.changed > 0);
