import type { Model } from '../domain/model.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Observation } from '../domain/observation.js';
import type { WindowProfile } from '../domain/profile.js';
import { baselineIn, type BaselinePhase } from './baseline-lifecycle.js';
import { versionStep } from './answered-versions.js';
import { answeredVersions, lastHeardAtMs, type CallCounters } from './call-counters.js';
import type { RowBuffer } from './row-buffer.js';

/** All that an evaluation reads of a model, before an experiment or an analysis of its rows has told more. */
export function monitoredModelState(
  model: Model,
  phase: BaselinePhase,
  calls: CallCounters,
  rows: RowBuffer,
  window: WindowProfile,
  known: Pick<
    MonitoredModelState,
    'learning' | 'goldenNow' | 'evidence' | 'features' | 'intake' | 'certificate' | 'probesAnsweredMs'
  >,
): MonitoredModelState {
  const isAdmitted = phase.kind === 'admitted';
  return {
    ...known,
    model,
    baseline: baselineIn(phase),
    window,
    rows: rows.since(window.fromMs),
    baselineRows: isAdmitted ? [...phase.rows.all] : [],
    forest: isAdmitted ? phase.forest : null,
    windowForest: isAdmitted ? phase.windowForest : null,
    consecutiveFailures: calls.consecutiveFailures,
    lastFailureReason: calls.lastFailureReason ?? null,
    answersSinceMs: calls.answersSinceMs ?? null,
    lastAnswerAtMs: calls.lastAnswerAtMs,
    lastHeardAtMs: lastHeardAtMs(calls),
    lastProbeFailureAtMs: calls.lastProbeFailureAtMs ?? null,
    changes: calls.changes,
    versionStep: versionStep(answeredVersions(calls), model.versionLabel),
    experiment: null,
    rowAnalysis: null,
  };
}

/** The same, with rows that have come and are not judged yet. */
export const withWaiting = (state: MonitoredModelState, waiting: readonly Observation[]): MonitoredModelState => ({
  ...state,
  rows: [...state.rows, ...[...waiting].sort((a, b) => a.atMs - b.atMs)],
});
